/** The lines of the conformance list by section: each is numbered from 01. */
const sections = {
  /** The configuration. */
  C: 29,
  /** `/probe`. */
  H: 24,
  /** The history of probes. */
  Y: 5,
  /** http. */
  T: 113,
  /** tcp and unix. */
  P: 18,
  /** dns. */
  D: 26,
  /** grpc. */
  G: 8,
  /** websocket. */
  W: 5,
  /** What all probers share. */
  U: 2,
  /** icmp. */
  I: 5,
} as const;

/** Lines that are more than one test; a title that is made for several inputs counts once. */
const several: Readonly<Record<string, number>> = {
  'BB-C15': 2,
  'BB-C16': 2,
  'BB-C19': 3,
  'BB-C23': 3,
  'BB-C25': 4,
  'BB-C28': 2,
  'BB-D20': 3,
  'BB-D22': 5,
  'BB-D24': 2,
  'BB-D25': 2,
  'BB-G03': 3,
  'BB-H21': 2,
  'BB-H23': 3,
  'BB-I05': 3,
  'BB-P13': 3,
  'BB-P16': 2,
  'BB-T100': 6,
  'BB-T110': 2,
  'BB-T113': 2,
  'BB-T19': 3,
  'BB-T20': 3,
  'BB-T33': 3,
  'BB-T35': 3,
  'BB-T87': 2,
  'BB-T89': 2,
  'BB-T99': 3,
  'BB-U01': 5,
  'BB-W01': 3,
};

/** How many titles each line of the list has in this folder, by its id: `BB-C01`. */
export const titlesById: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(sections).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, index) => {
      const id = `BB-${letter}${String(index + 1).padStart(2, '0')}`;
      return [id, several[id] ?? 1] as const;
    }),
  ),
);
