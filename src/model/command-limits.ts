/*
 * Bounds of `tocsin init`, of `tocsin watchdog`, and of the evidence of an alert, with their reasons.
 * Those of the agent itself are in `limits.ts`.
 */

/** How long `tocsin init` waits for whoever listens on a port to say something: it is on this host. */
export const spokenAnswerMs = 1000;

/** Bytes of an answer after which enough was said to tell what speaks. */
export const spokenBytesMax = 4096;

/** Ports that `tocsin init` asks what speaks there; a host that has more needs its own choice. */
export const listenersAskedMax = 40;

/** Units of systemd that `tocsin init` proposes by name; the others are in `failed units`. */
export const proposedUnitsMax = 40;

/** Files of certificates or sites that `tocsin init` looks at. */
export const siteFilesMax = 200;

/** Longest look of `tocsin init` at the host, before its checks are tried. */
export const initLookMs = 15_000;

/** Longest look around for the evidence of an alert; nobody waits for it. */
export const evidenceDeadlineMs = 2000;

/** Characters of one line of evidence: what a telephone shows without scrolling for ever. */
export const evidenceLineLengthMax = 200;

/** Lines of the log of a unit that are told with its alert. */
export const evidenceLogLines = 5;

/** Processes or files that evidence names of each kind. */
export const evidenceNamesMax = 3;

/** Lines of all evidence of an alert together. */
export const evidenceLinesMax = 20;

/** Characters of the evidence in an annotation, for receivers that take nothing else. */
export const evidenceAnnotationMax = 2000;

/** Bytes at the end of a package manager's log that are searched for its last change. */
export const evidenceLogTailBytes = 64 * 1024;

/** Files that are compared from one look at a disk to the next, and how large one must be. */
export const comparedFilesMax = 200;
export const comparedFileBytesMin = 10 * 1024 * 1024;

/** How long after the start of the agent the files of a disk that is well are looked at first. */
export const comparedAfterMs = 60_000;

/** How often the files of a disk that is well are looked at, to be compared with later. */
export const comparedEveryMs = 86_400_000;

/** How long what belongs to a check (the unit behind its port) is taken as known. */
export const evidenceKnownMs = 3_600_000;

/** How long what was found of the whole host serves further alerts, and how many may look at once. */
export const evidenceSharedMs = 30_000;
export const evidenceTurnsMax = 4;

/** How long checks that were sound for the first time are gathered, to search for their units at once. */
export const evidenceGatherMs = 5000;

/** Longest wait for one message to the service manager: systemd-notify itself waits 5 s for its taking in. */
export const serviceManagerAnswerMs = 8000;

/** Characters of the line that `systemctl status` shows of a service. */
export const serviceStatusLengthMax = 200;

/** The longest pause between two looks at a service under `tocsin watchdog`. */
export const watchdogIntervalMaxMs = 15_000;

/** Shortest boot patience: a gateway that starts on a small host needs half of it. */
export const bootPatienceMinMs = 60_000;

/** The pause between two looks at a service that starts: whoever waits for it is not kept longer. */
export const bootLookMs = 1000;

/** How long a service is waited for to listen on a port; most do within seconds, some never. */
export const portPatienceMs = 20_000;

/** How long its port is looked for at all: longer than the boot of anything that will have one. */
export const portSearchMs = 600_000;

/** How long a restart waits for what it would interrupt; then the service gets its own time to end it. */
export const restartBlockersMaxMs = 120_000;

/** How long, and in how many looks, a service that was asked to end must keep silent to be killed for it. */
export const hangConfirmedMs = 45_000;
export const hangConfirmedLooks = 3;

/** What is asked for beyond the next look while a service starts or stops: a busy host may be late. */
export const extensionSlackMs = 15_000;

/** What helpers of a service that has ended get to end as well, before they are killed. */
export const serviceGroupGraceMs = 5000;

/** Kills within `killsHeldMs` after which a service that hangs is left alone for as long. */
export const killsInRowMax = 2;
export const killsHeldMs = 300_000;

/** How long `tocsin healthcheck` waits for an answer: less than a container engine waits for `tocsin healthcheck`. */
export const healthcheckTimeoutMs = 4000;
