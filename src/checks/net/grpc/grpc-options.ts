import * as v from 'valibot';
import { flag, secret, text, type OutputOf } from '../../../lib/schema-atoms.ts';
import { addressEntries } from '../address-options.ts';
import type { Strictness } from '../../../lib/choice.ts';
import { isMetadataKey } from './grpc-metadata.ts';
import { tlsBlock } from '../../../lib/tls-options.ts';

/** Values are secrets: metadata is where tokens travel. */
const metadata = (strictness: Strictness) =>
  v.optional(
    v.record(
      v.pipe(
        text,
        v.check(
          (key) => strictness === 'lax' || isMetadataKey(key),
          'a metadata key of a-z, 0-9, _, - and .',
        ),
      ),
      v.array(secret, 'a list of texts'),
      'a map of metadata keys to lists of texts',
    ),
    {},
  );

const grpcEntries = (strictness: Strictness) => ({
  ...addressEntries(strictness),
  /** Empty asks for the server as a whole. */
  service: v.optional(text, ''),
  tls: v.optional(flag, false),
  tls_config: v.optional(tlsBlock),
  metadata: metadata(strictness),
});

/** What a `grpc:` block gives. */
export type GrpcOptions = OutputOf<ReturnType<typeof grpcEntries>>;

const grpcBlockOf = (strictness: Strictness) =>
  v.strictObject(grpcEntries(strictness), 'a map of grpc options');

/** The block `grpc:`, with the names, defaults and meanings of blackbox_exporter's grpc module. */
export const grpcBlock = grpcBlockOf('strict');
export const grpcModuleBlock = grpcBlockOf('lax');
