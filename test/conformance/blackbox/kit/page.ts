/** One answer of `/probe`, taken apart. */
export interface Page {
  readonly status: number;
  readonly text: string;
  readonly families: ReadonlyMap<string, Family>;
}

export interface Family {
  readonly type: string;
  /** Value by labels as they are written: `{phase="connect"}`, or nothing. */
  readonly samples: ReadonlyMap<string, number>;
}

const sampleLine = /^([a-zA-Z_:][\w:]*)(\{.*\})? (\S+)$/;

/** Reads the text format of Prometheus. Throws at anything that does not belong there. */
export function readPage(status: number, text: string): Page {
  const families = new Map<string, { type: string; samples: Map<string, number> }>();
  if (status !== 200) return { status, text, families };
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue;
    const [, , typed = '', type = ''] = line.split(' ');
    if (line.startsWith('# TYPE ')) {
      if (families.has(typed)) throw new Error(`the family ${typed} is there twice`);
      families.set(typed, { type, samples: new Map() });
      continue;
    }
    const [, name = '', labels = '', value = ''] = sampleLine.exec(line) ?? [];
    const samples = families.get(name)?.samples;
    if (samples === undefined) throw new Error(`no sample of a known family: ${line}`);
    if (samples.has(labels)) throw new Error(`this sample is there twice: ${line}`);
    samples.set(labels, numberOf(value));
  }
  return { status, text, families };
}

function numberOf(text: string): number {
  if (/^[+-]Inf$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  return text === 'NaN' ? Number.NaN : Number(text);
}

/** The value of a sample as it is written on the page: `a`, or `a{b="c"}`. */
export function sampleOf(page: Page, sample: string): number | undefined {
  const [, name = '', labels = ''] = /^(\w+)(\{.*\})?$/.exec(sample) ?? [];
  return page.families.get(name)?.samples.get(labels);
}

/** The labels of the only sample of a family, as they are written. */
export function labelsOf(page: Page, family: string): string | undefined {
  return page.families.get(family)?.samples.keys().next().value;
}
