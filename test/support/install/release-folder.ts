import { createHash, createPublicKey, createSign, generateKeyPairSync } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bake } from '../../../scripts/release/install-script.ts';
import { root } from '../release.ts';
import { realArchives } from './archives.ts';
import { packStandIn, type Behaviour } from './stand-in-agent.ts';

/** A folder with releases, as a web server hands it out, under a key of its own. */
export interface ReleaseFolder extends Disposable {
  readonly path: string;
  /** Publishes a version of the real agent, packed loosely; see `archives.ts`. */
  readonly addReal: (version: string) => Promise<void>;
  /** Publishes a small script in place of the agent. */
  readonly addStandIn: (version: string, behaviour?: Behaviour) => void;
  /** Writes SHA256SUMS for what is there now, and its signature. */
  readonly sign: (version: string) => void;
  /** The script of this version, with the digests of what is there now. */
  readonly script: (version: string) => string;
}

interface ReleaseWish {
  readonly baseUrl?: string;
  readonly signed?: boolean;
}

/** A folder that goes when it is disposed of; `install.sh` in it is the one of the version that was added last. */
export function releaseFolder({ baseUrl = '', signed = true }: ReleaseWish = {}): ReleaseFolder {
  const path = mkdtempSync(join(tmpdir(), 'tocsin-releases-'));
  chmodSync(path, 0o755);
  const key = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const sign = (version: string): void => {
    const folder = join(path, version);
    const listed = readdirSync(folder).filter((name) => name.startsWith('tocsin-'));
    const lines = listed.toSorted().map((name) => `${sha256(join(folder, name))}  ${name}\n`);
    writeFileSync(join(folder, 'SHA256SUMS'), lines.join(''));
    rmSync(join(folder, 'SHA256SUMS.sig'), { force: true });
    if (!signed) return;
    const signature = createSign('sha256').update(lines.join('')).sign(key.privateKey);
    writeFileSync(join(folder, 'SHA256SUMS.sig'), signature);
  };
  const script = (version: string): string => {
    const archive = join(path, version, `tocsin-${version}-linux-x64.tar`);
    return bake(readFileSync(join(root, 'install.sh'), 'utf8'), {
      TOCSIN_VERSION: version,
      TOCSIN_BASE_URL: baseUrl,
      TOCSIN_SHA256_LINUX_X64: existsSync(`${archive}.xz`) ? sha256(`${archive}.xz`) : '',
      TOCSIN_SHA256_LINUX_X64_GZ: sha256(`${archive}.gz`),
      TOCSIN_SHA256_LINUX_ARM64: '',
      TOCSIN_SHA256_LINUX_ARM64_GZ: '',
      TOCSIN_PUBLIC_KEY: signed
        ? createPublicKey(key.publicKey).export({ type: 'spki', format: 'pem' }).toString().trim()
        : '',
    });
  };
  const publish = (version: string): void => {
    sign(version);
    for (const folder of [path, join(path, version)]) {
      writeFileSync(join(folder, 'install.sh'), script(version), { mode: 0o755 });
    }
  };
  return {
    path,
    sign,
    script,
    addReal: async (version) => {
      const from = await realArchives(version);
      mkdirSync(join(path, version));
      for (const name of readdirSync(from).filter((each) => each.startsWith('tocsin-'))) {
        linkOrCopy(join(from, name), join(path, version, name));
      }
      publish(version);
    },
    addStandIn: (version, behaviour) => {
      mkdirSync(join(path, version), { recursive: true });
      packStandIn(join(path, version), version, behaviour);
      publish(version);
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}
