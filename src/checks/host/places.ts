/** Where a host check looks. Only tests look elsewhere than `hostPlaces`. */
export interface HostPlaces {
  readonly proc: string;
  readonly sys: string;
  readonly run: string;
  readonly etc: string;
  readonly var: string;
  readonly dev: string;
  /** Search path for the programs of the system, as in `PATH`. */
  readonly programs: string;
}

/** Where programs are when nothing says so: service managers start agents with little or no `PATH`. */
const programsDefault = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export const hostPlaces: HostPlaces = {
  proc: '/proc',
  sys: '/sys',
  run: '/run',
  etc: '/etc',
  var: '/var',
  dev: '/dev',
  programs: process.env['PATH'] ?? programsDefault,
};
