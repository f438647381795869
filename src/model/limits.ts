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

/** Waiting messages that are merged into one: what is beyond it follows in the next, before it is too long. */
export const mergedMessagesMax = 500;

/** Alerts whose ups and downs a merged message tells one by one; more is not read at night. */
export const mergedStoriesMax = 10;

/** Changes of one alert that a merged message tells; the latest ones are what matters. */
export const mergedTurnsMax = 8;

/** How long a receiver fails before its fallback is told instead; `fallback_after` says otherwise. */
export const fallbackAfterDefaultMs = 5 * 60_000;

/** Messages that a rate limit may count: their times are written down with each of them. */
export const rateLimitCountMax = 1000;

/** How old a message may be when it is sent before it says that it is late, and why. */
export const toldLateMs = 2 * 60_000;

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

/** A deadline that comes this much late: the agent was stopped or starved, and could not read answers. */
export const deadlineLateMs = 250;

/** Grace between asking a command to end (SIGTERM) and ending it (SIGKILL). */
export const commandKillAfterMs = 500;

/**
 * How much of the memory that the service may use counts on top of what a program uses, in thousandths, when the kernel
 * chooses whom to kill: many small programs go before the agent, which takes a quarter.
 */
export const oomScoreOfPrograms = 500;

/** Values kept of one result: a plugin may print thousands, and each becomes a metric series. */
export const valuesMax = 100;

/** How far back the last time of a cron schedule is searched: a little over its longest period, a year. */
export const scheduleSearchDaysMax = 400;

/** Probes of which the log is kept at most; each may hold some kilobytes. */
export const probeHistoryMax = 10_000;

/** Lines of the log that a probe on request keeps: every redirect and every line of a dialogue fits. */
export const probeLogLinesMax = 200;

/** Redirects an http check follows; one more is counted, not followed, and its 3xx is judged. */
export const redirectsMax = 10;

/** Bytes of the head of an HTTP response; a server that never ends its headers is cut off here. */
export const responseHeadBytesMax = 256 * 1024;

/** Bytes of a proxy's answer to CONNECT: a line and some headers, of which nothing is used. */
export const proxyAnswerBytesMax = 64 * 1024;

/** Bytes of the answer that brings a token: tokens with many claims have some kilobytes. */
export const tokenAnswerBytesMax = 1024 * 1024;

/** How long before its end a token is no longer used: clocks differ, and requests take their time. */
export const tokenReserveMs = 10_000;

/** Levels of a JSON body that expressions can look at; each takes stack, and people nest a dozen. */
export const jsonDepthMax = 500;

/** Cookies kept along a chain of redirects: a login needs a few, an attack sends thousands. */
export const cookiesMax = 50;

/** Bytes of one line that a tcp check reads while it expects something; the line's end must come. */
export const expectLineBytesMax = 64 * 1024;

/** Lines of a dialogue looked at in one go, before everything else has its turn: a peer may send nothing but. */
export const linesInOneGoMax = 500;

/** Characters of all names in one DNS answer, written out: pointers let 64 KiB hold hundreds of times that. */
export const dnsNamesLengthMax = 1024 * 1024;

/** Bytes that a database or another service may send in one run: what checks ask for has some kilobytes. */
export const serviceAnswerBytesMax = 4 * 1024 * 1024;

/** Containers that are inspected at each run although a list tells nothing new of them. */
export const containersRefreshedMax = 10;

/** Bytes of one reply of a mail server: a line has 512 by the standard, and no answer a hundred lines. */
export const smtpReplyBytesMax = 64 * 1024;

/** Recipients that one check asks a mail server about: each is a question that it may keep waiting. */
export const smtpRecipientsMax = 10;

/** Containers that one check looks at, one question each: more on a host are watched by label. */
export const containersMax = 200;

/** Characters of a body quoted to explain a result: enough to recognise an error page. */
export const excerptLengthMax = 300;

/** Bytes of one configuration file: thousands of checks fit, a file named by mistake does not. */
export const configBytesMax = 1024 * 1024;

/** Errors of syntax told of one file: the first ones are the cause of the rest. */
export const syntaxProblemsMax = 10;

/** Nodes of a configuration that aliases add; nested aliases could multiply a few lines without end. */
export const aliasedNodesMax = 10_000;

/** Bytes of a file that holds one secret: keys and certificates fit. */
export const secretBytesMax = 64 * 1024;

/** How long a file that the configuration names is waited for: a disk that answers at all is much faster. */
export const filePatienceMs = 2000;

/** Files that the configuration names and that are read at the same time: half of Node's four threads. */
export const filesReadAtOnceMax = 2;

/** Bytes of a file that a probe sends as the body of its request. */
export const bodyFileBytesMax = 10 * 1024 * 1024;

/** Results that a debounce window or flap detection looks back at; they are kept for every check. */
export const debounceWindowMax = 100;

/** How long a plain result may wait to be saved; a transition never waits. */
export const journalDelayMs = 1000;

/** Results kept while the disk refuses to save them; beyond it the oldest give way. */
export const journalResultsMax = 1000;

/** Kept free on the disk for when it is full: hundreds of messages, and little on any disk. */
export const spareRoomBytes = 2 * 1024 * 1024;

/** How long a disk that refused is left alone. */
export const journalRetryMs = 5000;

/** Bytes kept of what a job sends to `/ping/NAME`; the end of a log that explains a failure fits. */
export const pingBodyBytesMax = 10 * 1024;

/** What a client may take to send one whole request to the agent. */
export const webRequestTimeoutMs = 30_000;

/** Connections to the agent at the same time: a Prometheus opens one for each target it probes. */
export const webConnectionsMax = 1024;

/** Logins whose password is waiting to be compared; each comparison costs some 100 ms of processor. */
export const webLoginsWaitingMax = 16;

/** Bytes of a request about one silence or acknowledgement; a longer one is cut and then no JSON. */
export const silenceRequestBytesMax = 64 * 1024;

/** How long a link in a message allows to take on its alert: a long weekend. Reminders bring a new one. */
export const alertLinkValidMs = 4 * 86_400_000;

/** Bytes of a form of the page: a comment and a name. */
export const formBytesMax = 16 * 1024;

/** How far back `why` looks for notifications that named the check. */
export const whyDeliveriesMax = 200;

/** Results that `why` gives. */
export const whyResultsMax = 50;

/** Messages nobody got that are remembered of one alert, and of all together: some 200 bytes each. */
export const suppressionNotesEachMax = 20;
export const suppressionNotesMax = 5000;

/** Results or notifications in one answer of the API. */
export const apiEntriesMax = 1000;

/** How late checks may start before the agent calls itself overloaded. */
export const schedulerLagWarningMs = 10_000;

/** How long a message may wait before the agent reports its receiver; a blip is shorter. */
export const undeliveredWarningMs = 5 * 60_000;

/** How long a damaged database that was set aside is reported as an alert. */
export const setAsideReportedMs = 60 * 60_000;

/** Deliveries the page and the API show by default. */
export const shownDeliveriesMax = 50;

/** How often old results and deliveries are forgotten. */
export const pruneIntervalMs = 60_000;

/** A damaged database is replaced at most this often: a disk that damages every file is no help. */
export const replaceStoreEveryMs = 60_000;

/** Bytes of one gRPC message: what gRPC clients take by default. A health answer has two. */
export const grpcMessageBytesMax = 4 * 1024 * 1024;

/** Bytes of one websocket message that a dialogue expects; greetings and status texts fit many times. */
export const websocketMessageBytesMax = 1024 * 1024;

/** Echo requests of one icmp check: enough to see loss of some percent, over before most deadlines. */
export const pingCountMax = 20;

/** Shortest time between two echo requests: a check shall measure a line, not fill it. */
export const pingIntervalMinMs = 10;

/** Alerts of others that fire at the same time: twice what a large Prometheus has in a bad hour. */
export const postedAlertsMax = 20_000;

/** Characters of all labels of a posted alert; a few hundred are usual. */
export const postedLabelsLengthMax = 8 * 1024;

/** Characters of all annotations of a posted alert: descriptions with a page of text fit. */
export const postedAnnotationsLengthMax = 32 * 1024;

/** Characters of the labels and annotations of all posted alerts together; they are kept in memory. */
export const postedLengthMax = 64 * 1024 * 1024;

/** How long the end of a posted alert is remembered: as long as a Prometheus repeats it. */
export const postedEndKeptMs = 15 * 60_000;

/** Runs of one check that a scenario may write with one `*`: a month of one a minute, and some. */
export const scriptedRunsMax = 100_000;

/** Starts of the agent that are remembered for a replay: more in a week is a host that needs other help. */
export const agentRunsMax = 200;

/** How long before the time that is asked for a replay begins: what fails then has begun by then. */
export const replayWarmUpMs = 86_400_000;

/** Results or notifications that a replay reads at a time: some 30 ms of the running agent. */
export const recordingPageMax = 5000;

/** Notifications on either side that a replay lists; beyond it the new configuration tells without end. */
export const replayNotificationsMax = 20_000;

/** The longest a scenario may be played: a year of reminders ends within seconds. */
export const scenarioLengthMaxMs = 366 * 86_400_000;

/** Silences that are not over: every alert is held against each of them at every look. */
export const silencesMax = 1000;

/** Silences that are over and still shown; beyond it the oldest are forgotten before their time. */
export const silencesOverMax = 1000;

/** Characters of a silence, matchers and comment together: a person writes some hundred. */
export const silenceLengthMax = 16 * 1024;

/** How long the agent says that it refuses alerts of others: several of their attempts. */
export const postedRefusalReportedMs = 5 * 60_000;

/** Characters of the link of a posted alert: browsers and receivers take no longer ones. */
export const generatorUrlLengthMax = 2048;

/** How often the agent looks whether its checks are looked at. */
export const stalledLookMs = 5000;

/** What a run may take beyond its deadline before its check counts as stalled: a queue, a busy host. */
export const stalledRunGraceMs = 10_000;

/** A check that has not been looked at for less than this is not stalled, however short its interval is. */
export const stalledMinMs = 30_000;

/** Intervals that a check may be left alone: beyond it, a check nobody looks at is better switched off. */
export const stalledAfterMax = 1000;

/** Messages remembered so that they can be changed later; one for each group that fires needs far fewer. */
export const conversationsMax = 5000;

/** How often the uplink is tried while it is down: its return should be noticed at once, for next to nothing. */
export const uplinkRetryMs = 10_000;

/** What checks may take beyond their timeouts to confirm that the uplink is down: they queue for places. */
export const uplinkVerdictGraceMs = 5000;

/** Longest wait for that, whatever timeouts checks have: a failure must not be kept back for long. */
export const uplinkVerdictMaxMs = 60_000;

/** Names of firing checks in the body of the heartbeat: whoever takes it may keep little of it. */
export const firingNamedMax = 20;

/** How long the uplink must be down, or back, until that is told: one that comes and goes is one story. */
export const uplinkSettleMs = 30_000;

/** Alerts that one e-mail shows in full: with all their detail it stays under what mail servers take. */
export const mailedAlertsMax = 200;

/** How long an alert waits for the verdict on a check that would inhibit it; most are decided by then. */
export const inhibitionHoldMs = 60_000;

/** Bytes of what a program tells about files: some ten thousand names with their times. */
export const fileAnswerBytesMax = 4 * 1024 * 1024;

/** Bytes of a file of certificates: a chain with its key has some kilobytes, a whole bundle 300. */
export const certificateFileBytesMax = 1024 * 1024;

/** Bytes of the kernel's table of sockets that are read: thousands of listening ones, which come first. */
export const socketTableBytesMax = 1024 * 1024;

/** Bytes of a file that is judged as JSON: state files are smaller, and reading is for others to do. */
export const jsonFileBytesMax = 3 * 1024 * 1024;

/** Bytes of the records of logins that are looked at from the end: 250 records, whole ones of either length. */
export const loginRecordsBytesMax = 96_000;

/** Messages of the kernel that are read to name who was killed: its ring rarely holds more. */
export const kernelRecordsMax = 20_000;

/** Kills for lack of memory that are told at the same time. */
export const oomKillsKeptMax = 10;

/** Bytes of a log that one run reads: expressions take up to a second of processor for them. */
export const logReadBytesMax = 512 * 1024;

/** Bytes that a check may be behind its log; beyond it, it goes on at the end instead of falling back for ever. */
export const logBehindBytesMax = 8 * 1024 * 1024;

/** Entries of the journal that one run looks at. */
export const journalEntriesMax = 2000;

/** Characters of a line of a log that expressions look at. */
export const logLineLengthMax = 4096;

/** Lines that a rule may count: the times of so many are kept. */
export const logCountMax = 1000;

/** Looks at one file system that are remembered for its forecast: six hours, one every two minutes. */
export const forecastSamplesMax = 181;

/** Facts kept of one result: a version and a checksum, or one of each part. */
export const factsMax = 30;

/** How long a member of a group may tell nothing of a figure until that is a fault: a slow start is shorter. */
export const groupSilenceMs = 10 * 60_000;

/** Parts of one check that are kept: `openclaw` has 24, and each is four samples of a metric. */
export const partsMax = 30;

/** Lines of a unit's journal that are told with its failure: what explains it is mostly in the last few. */
export const unitJournalLinesMax = 10;

/** Units in trouble of which the journal is read; more of them rarely have causes of their own. */
export const unitJournalsMax = 2;

/** Last lines of a container in trouble that are told, and of how many containers. */
export const containerLogLinesMax = 10;
export const containerLogsMax = 2;

/** How late a timer may be: what it starts may have to wait for its turn, and hosts sleep. */
export const timerLateMs = 15 * 60_000;

/** How long the journal of a unit is waited for: its lines are a help, the result is what matters. */
export const journalPatienceMs = 2000;

/**
 * Longest time in which scheduler or outbox may leave undone what is due, before the service manager is no
 * longer told that the agent lives. Well above what a busy machine or a resumed one needs to catch up.
 */
export const standstillMaxMs = 300_000;

/** Free bytes below which `doctor` calls the disk of the state too full: several days of a large database. */
export const stateRoomMinBytes = 200_000_000;

/** How long chrony may hear from no time server: by default it asks each every 17 minutes at the latest. */
export const timeServerSilenceMs = 3 * 3_600_000;
