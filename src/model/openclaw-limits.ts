/** Of a file that OpenClaw keeps its settings or its lock in. Both are far smaller. */
export const openclawFileBytesMax = 4 * 1024 * 1024;

/** How much later than its own deadline a gateway may say that an agent did not answer. */
export const openclawCanaryGraceMs = 5000;

/** Of one message of an OpenClaw gateway: a page of jobs with all that they are to do is far smaller. */
export const openclawMessageBytesMax = 8 * 1024 * 1024;

/** Agents of one OpenClaw gateway whose databases are looked at each time. */
export const openclawAgentsMax = 50;

/** Jobs or runs of an OpenClaw gateway that are judged: five pages of its own lists. */
export const openclawJobsMax = 1000;

/**
 * How long a query of a database of a gateway may take, which stops all of the agent. A thousand jobs of
 * 20 kB in a database of 600 MB took 13 ms, and 40 ms from the disk.
 */
export const openclawDatabaseReadMsMax = 100;

/** A query that took longer rests for so many times as long: the agent stands still for 1% at most. */
export const openclawDatabaseRest = 100;

/** Jobs of a gateway of which one look works out the schedule: each takes about a millisecond, once. */
export const openclawSlotsPerLook = 20;

/** Of a job of a gateway, as it is written down; of a longer one the schedule is not read. */
export const openclawJobBytesMax = 64 * 1024;

/** How long nothing may be read from a database of a gateway before that is told. */
export const openclawUnseenMs = 15 * 60_000;

/**
 * How long what was read last stands while a database cannot be read: longer than a gateway writes, shorter
 * than a job may be late.
 */
export const openclawReadStandsMs = 2 * 60_000;
