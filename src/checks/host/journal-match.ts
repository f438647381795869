import { userInfo } from 'node:os';

/** Words for journalctl: the unit of the system, that of a user, and what systemd itself says of either. */
export function matchesOf(unit: string): readonly string[] {
  const own = [`_SYSTEMD_UNIT=${unit}`, '+', `_SYSTEMD_USER_UNIT=${unit}`];
  return [...own, '+', '_PID=1', `UNIT=${unit}`, '+', `USER_UNIT=${unit}`];
}

/** Whether journalctl complained that it may not see what it was asked for. */
export function isJournalRefused(said: string): boolean {
  return /insufficient permissions|not seeing messages/i.test(said);
}

/** What the agent lacks to read the journal, and how to grant it. */
export function journalRight(): string {
  return (
    'the user of the agent lacks the right to read the journal: put it into the group systemd-journal ' +
    `(usermod -aG systemd-journal ${ownName()}, then restart the agent)`
  );
}

/** A user that the system gave a number but no name cannot be put into a group by name. */
function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'USER';
  }
}
