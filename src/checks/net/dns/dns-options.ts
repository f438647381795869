import * as v from 'valibot';
import { flag, nonEmptyText, type OutputOf } from '../../../lib/schema-atoms.ts';
import { addressEntries, sourceAddress } from '../address-options.ts';
import { choice, type Strictness } from '../../../lib/choice.ts';
import { queryClasses, queryTypes, responseCodes } from './dns-names.ts';
import { latePatterns, patterns as strictPatterns } from '../pattern.ts';
import { tlsBlock } from '../../../lib/tls-options.ts';

const sectionRules = (strictness: Strictness) => {
  const patterns = strictness === 'strict' ? strictPatterns : latePatterns;
  return v.strictObject(
    {
      fail_if_matches_regexp: patterns,
      /** Fails unless every record matches: the opposite of its name, as in blackbox_exporter. */
      fail_if_all_match_regexp: patterns,
      /** The same by a name that says so. */
      fail_if_not_all_match_regexp: patterns,
      fail_if_not_matches_regexp: patterns,
      fail_if_none_matches_regexp: patterns,
    },
    'a map of fail_if_… rules',
  );
};
export type SectionRules = v.InferOutput<ReturnType<typeof sectionRules>>;

/** A word of a list, or nothing at all, which is the word that is usual. */
function wordOr(usual: string, words: readonly string[], message: string) {
  return v.optional(
    v.pipe(
      v.picklist(['', ...words], message),
      v.transform((word) => (word === '' ? usual : word)),
    ),
    usual,
  );
}

/** One of the transports; to a module an empty one is the usual one as well. */
function transportOf(strictness: Strictness) {
  const words = choice(['udp', 'tcp'], 'udp or tcp', strictness);
  return v.optional(
    v.pipe(
      words,
      v.transform((word) => (word === '' ? 'udp' : word)),
    ),
    'udp',
  );
}

const dnsEntries = (strictness: Strictness) => ({
  ...addressEntries(strictness),
  query_name: nonEmptyText,
  query_type: wordOr('ANY', queryTypes, 'a record type such as A, MX or SOA'),
  query_class: wordOr('IN', queryClasses, queryClasses.join(', ')),
  recursion_desired: v.optional(flag, true),
  transport_protocol: transportOf(strictness),
  dns_over_tls: v.optional(flag, false),
  tls_config: v.optional(tlsBlock),
  source_ip_address: sourceAddress,
  valid_rcodes: v.optional(
    v.array(
      choice(responseCodes, 'a response code such as NOERROR', strictness),
      'a list of rcodes',
    ),
    ['NOERROR'],
  ),
  validate_answer_rrs: v.optional(sectionRules(strictness)),
  validate_authority_rrs: v.optional(sectionRules(strictness)),
  validate_additional_rrs: v.optional(sectionRules(strictness)),
});

/** What a `dns:` block gives. */
export type DnsOptions = OutputOf<ReturnType<typeof dnsEntries>>;

/** The block `dns:`, with the names, defaults and meanings of blackbox_exporter's dns module. */
export const dnsBlock = v.pipe(
  v.strictObject(dnsEntries('strict'), 'a map of dns options'),
  v.check(
    (dns) => !dns.dns_over_tls || dns.transport_protocol === 'tcp',
    'transport_protocol tcp together with dns_over_tls',
  ),
);
export const dnsModuleBlock = v.strictObject(dnsEntries('lax'), 'a map of dns options');
