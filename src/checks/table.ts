import type { CheckTypeName } from '../model/check.ts';
import { agent } from './agent.ts';
import type { CheckType } from './check-type.ts';
import { certificate } from './certificate.ts';
import { clock } from './clock.ts';
import { command } from './command.ts';
import { cpu } from './cpu.ts';
import { disk } from './disk.ts';
import { caddy } from './caddy.ts';
import { docker } from './docker.ts';
import { dns } from './dns.ts';
import { group } from './group.ts';
import { heartbeat } from './heartbeat.ts';
import { http } from './http.ts';
import { icmp } from './icmp.ts';
import { layers } from './layers.ts';
import { llm } from './llm.ts';
import { load } from './load.ts';
import { log } from './log.ts';
import { memory } from './memory.ts';
import { oom } from './oom.ts';
import { port } from './port.ts';
import { openclaw } from './openclaw.ts';
import { mount } from './mount.ts';
import { process } from './process.ts';
import { nginx } from './nginx.ts';
import { postgres } from './postgres.ts';
import { redis } from './redis.ts';
import { reboot } from './reboot.ts';
import { smtp } from './smtp.ts';
import { remote } from './remote.ts';
import { systemd } from './systemd.ts';
import { websocket } from './websocket.ts';
import { unix } from './unix.ts';
import { file } from './file.ts';
import { grpc } from './grpc.ts';
import { tcp } from './tcp.ts';

/** Every type of check there is. */
export const checkTypes: Readonly<Record<CheckTypeName, CheckType>> = {
  http,
  tcp,
  dns,
  icmp,
  websocket,
  unix,
  grpc,
  command,
  heartbeat,
  disk,
  mount,
  memory,
  oom,
  cpu,
  load,
  reboot,
  process,
  log,
  systemd,
  clock,
  certificate,
  port,
  redis,
  file,
  postgres,
  smtp,
  docker,
  nginx,
  caddy,
  layers,
  llm,
  openclaw,
  remote,
  agent,
  group,
};
