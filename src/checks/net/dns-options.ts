import * as v from 'valibot';
import { flag, nonEmptyText, type OutputOf } from '../../lib/schema-atoms.ts';
import { addressEntries } from './address-options.ts';
import { choice, type Strictness } from './choice.ts';
import { queryClasses, queryTypes, responseCodes } from './dns-names.ts';
import { latePatterns, patterns as strictPatterns } from './pattern.ts';
import { tlsBlock } from './tls-options.ts';

const sectionRules = (strictness: Strictness) => {
  const patterns = strictness === 'strict' ? strictPatterns : latePatterns;
  return v.strictObject(
    {
      fail_if_matches_regexp: patterns,
      /** Fails unless every record matches: the opposite of its name, as in blackbox_exporter. */
      fail_if_all_match_regexp: patterns,
      fail_if_not_matches_regexp: patterns,
      fail_if_none_matches_regexp: patterns,
    },
    'a map of fail_if_… rules',
  );
};
export type SectionRules = v.InferOutput<ReturnType<typeof sectionRules>>;

const dnsEntries = (strictness: Strictness) => ({
  ...addressEntries(strictness),
  query_name: nonEmptyText,
  query_type: v.optional(v.picklist(queryTypes, 'a record type such as A, MX or SOA'), 'ANY'),
  query_class: v.optional(v.picklist(queryClasses, queryClasses.join(', ')), 'IN'),
  recursion_desired: v.optional(flag, true),
  transport_protocol: v.optional(choice(['udp', 'tcp'], 'udp or tcp', strictness), 'udp'),
  dns_over_tls: v.optional(flag, false),
  tls_config: v.optional(tlsBlock),
  source_ip_address: v.optional(nonEmptyText),
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
