/** Every bound of the agent, once, with its reason. */

/** Checks running at the same time: enough for hundreds of slow targets, few enough for a small host. */
export const concurrentRunsMax = 50;

/** Bytes of a command's output that are read; a plugin's contract is one line, so this is generous. */
export const commandOutputBytesMax = 64 * 1024;

/** Lines kept to explain a result; what does not fit on a phone is not read at night. */
export const detailLinesMax = 20;

/** Characters of one line of detail or of a summary. */
export const lineLengthMax = 500;

/** Bytes of a response body that are judged; a longer body is cut off and the rest not read. */
export const bodyBytesMax = 10 * 1024 * 1024;

/** Results of one check kept in memory for the page and `why`; older ones are in the store. */
export const recentResultsMax = 20;

/** Attempts to deliver that run at the same time, over all receivers. */
export const concurrentSendsMax = 8;

/** Deliveries waiting in the outbox; beyond it the oldest reminders give way, never a first message. */
export const outboxEntriesMax = 10_000;

/** One attempt to deliver, from name lookup to the last byte of the answer. */
export const sendTimeoutMs = 10_000;

/** Longest wait between two attempts to deliver. */
export const sendBackoffMaxMs = 5 * 60_000;

/** Longest time one timer sleeps: a machine that was suspended is noticed within it. */
export const timerSleepMaxMs = 30_000;

/** Bytes of a request body the agent accepts from its own HTTP clients. */
export const requestBodyBytesMax = 1024 * 1024;

/** What a graceful stop may take before it is cut short; under systemd's default of 90 s. */
export const stopTimeoutMs = 15_000;

/** Grace between a run's deadline and giving it up: enough to tidy away, too short to hold up others. */
export const abandonRunAfterMs = 250;

/** Grace between asking a command to end (SIGTERM) and ending it (SIGKILL). */
export const commandKillAfterMs = 500;

/** Values kept of one result: a plugin may print thousands, and each becomes a metric series. */
export const valuesMax = 100;

/** How far back the last time of a cron schedule is searched: a little over its longest period, a year. */
export const scheduleSearchDaysMax = 400;
