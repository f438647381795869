/** Types of checks that watch a quantity or what happens: it has left its limits rather than gone down. */
const quantities: ReadonlySet<string> = new Set([
  'disk',
  'memory',
  'cpu',
  'load',
  'clock',
  'agent',
  'command',
  'group',
  'reboot',
  'log',
  'oom',
  'file',
  'certificate',
]);

/** Whether checks of this type are called critical rather than down. */
export function isQuantity(type: string | undefined): boolean {
  return type !== undefined && quantities.has(type);
}
