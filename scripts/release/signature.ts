import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** How a release is signed: the public key as PEM, and the signature of a text. */
export interface Signer {
  readonly publicKey: string;
  readonly sign: (content: Buffer | string) => Buffer;
}

/**
 * Reads the private key (PEM) that signs a release. It is RSA, since `openssl dgst -sha256 -verify` checks
 * that wherever there is an openssl, and since the same text then has the same signature each time, which
 * ECDSA does not give. The command of OpenSSL 1.1 cannot check Ed25519.
 *
 * @throws Error if the file holds no such key, or one of fewer than 3072 bits
 */
export function readSigner(file: string): Signer {
  const key = readKey(file);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || bits < 3072) {
    throw new Error(
      `${file} holds ${key.asymmetricKeyType} of ${bits} bits; a release is signed with RSA of 3072 bits or more, such as "openssl genrsa -out ${file} 3072" makes`,
    );
  }
  return {
    publicKey: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(),
    sign: (content) => sign('sha256', Buffer.from(content), key),
  };
}

function readKey(file: string): KeyObject {
  try {
    return createPrivateKey(readFileSync(file));
  } catch (error) {
    throw new Error(`${file} holds no private key without a passphrase`, { cause: error });
  }
}
