import { contest, type ProbeCase } from './kit/contest.ts';
import { answering } from './kit/http.ts';

interface BodyRule {
  readonly rule: 'fail_if_body_matches_regexp' | 'fail_if_body_not_matches_regexp';
  readonly patterns: readonly string[];
  readonly body: string;
  readonly success: 0 | 1;
}

function body(title: string, { rule, patterns, body, success }: BodyRule): ProbeCase {
  return {
    title,
    module: { prober: 'http', http: { [rule]: patterns } },
    server: answering({ body }),
    expect: {
      success,
      metrics: {
        probe_failed_due_to_regex: 1 - success,
        probe_http_content_length: body.length,
        probe_http_uncompressed_body_length: body.length,
      },
    },
  };
}

const down = 'the database is not reachable';
const matches = 'fail_if_body_matches_regexp';
const misses = 'fail_if_body_not_matches_regexp';

const bodyRules: readonly ProbeCase[] = [
  body('BB-T60 a body that matches fails', {
    rule: matches,
    patterns: ['not reachable'],
    body: down,
    success: 0,
  }),
  body('BB-T61 a body that does not match is well', {
    rule: matches,
    patterns: ['not reachable'],
    body: 'all is well',
    success: 1,
  }),
  body('BB-T62 one of several that matches is enough to fail', {
    rule: matches,
    patterns: ['read-only', 'not reach[a-z]+'],
    body: down,
    success: 0,
  }),
  body('BB-T63 none of several matches', {
    rule: matches,
    patterns: ['read-only', 'not reachable'],
    body: 'all is well',
    success: 1,
  }),
  body('BB-T64 a body that lacks what is wanted fails', {
    rule: misses,
    patterns: ['all is well'],
    body: down,
    success: 0,
  }),
  body('BB-T65 a body that has what is wanted is well', {
    rule: misses,
    patterns: ['all is well'],
    body: 'today all is well',
    success: 1,
  }),
  body('BB-T66 one of two that is lacking is enough to fail', {
    rule: misses,
    patterns: ['all is well', 'version [0-9]+'],
    body: 'all is well',
    success: 0,
  }),
  body('BB-T67 both that are wanted are there', {
    rule: misses,
    patterns: ['all is well', 'version [0-9]+'],
    body: 'all is well, version 3',
    success: 1,
  }),
  {
    title: 'BB-T107 a wrong status is judged first: the rule for the body is not reached',
    module: { prober: 'http', http: { [matches]: ['Not Found'] } },
    server: answering({ status: 404, body: 'Not Found' }),
    expect: {
      success: 0,
      metrics: { probe_failed_due_to_regex: 0, probe_http_status_code: 404 },
    },
  },
];

interface HeaderRule {
  readonly header: string;
  readonly regexp: string;
  readonly allow_missing?: boolean;
}

type Headers = Readonly<Record<string, string | readonly string[]>>;

/** Cases of one of the two lists of rules for headers. */
function headerCases(list: 'fail_if_header_matches' | 'fail_if_header_not_matches') {
  return (title: string, rule: HeaderRule, headers: Headers, success: 0 | 1): ProbeCase => ({
    title,
    module: { prober: 'http', http: { [list]: [rule] } },
    server: answering({ headers }),
    expect: { success, metrics: { probe_failed_due_to_regex: 1 - success } },
  });
}

const java = { 'Content-Type': 'application/java' };
const empty = { 'Content-Type': '' };
const oneCookie = { 'Set-Cookie': 'size=7' };
const domainCookie = { 'Set-Cookie': 'taste=sweet; Domain=.example.com' };
const twoCookies = { 'Set-Cookie': ['size=7', 'taste=sweet; Domain=.example.com'] };

const isJava = { header: 'Content-Type', regexp: 'java' };
const isText = { header: 'Content-Type', regexp: 'text/.*' };
const isAny = { header: 'Content-Type', regexp: '.*' };
const hasDomain = { header: 'Set-Cookie', regexp: 'Domain=\\.example' };
const isMissing = { header: 'X-Nothing', regexp: '.*' };
const optional = { allow_missing: true };
const inLowerCase = { header: 'content-type' };

const not = headerCases('fail_if_header_matches');
const unwantedHeaders: readonly ProbeCase[] = [
  not('BB-T68 a value that matches fails', isJava, java, 0),
  not('BB-T69 a value that differs is well', isText, java, 1),
  not('BB-T70 the name may be in lower case', { ...isText, ...inLowerCase }, java, 1),
  not('BB-T71 an empty value can match', isAny, empty, 0),
  not('BB-T72 a header that is missing fails', isMissing, {}, 0),
  not('BB-T73 an empty value is not a missing header', { ...isAny, ...optional }, empty, 0),
  not('BB-T74 a header may be missing if the rule says so', { ...isMissing, ...optional }, {}, 1),
  not('BB-T75 a cookie that matches fails', hasDomain, domainCookie, 0),
  not('BB-T76 the second of two cookies is looked at as well', hasDomain, twoCookies, 0),
];

const must = headerCases('fail_if_header_not_matches');
const wantedHeaders: readonly ProbeCase[] = [
  must('BB-T77 a value that matches is well', isJava, java, 1),
  must('BB-T78 the name may be in lower case here too', { ...isJava, ...inLowerCase }, java, 1),
  must('BB-T79 a value that differs fails', isText, java, 0),
  must('BB-T80 an empty value can be what is wanted', isAny, empty, 1),
  must('BB-T81 a header that is missing fails here too', isMissing, {}, 0),
  must('BB-T82 a header may be missing here as well', { ...isMissing, ...optional }, {}, 1),
  must('BB-T83 the only cookie does not match', hasDomain, oneCookie, 0),
  must('BB-T84 one of two cookies that matches is enough', hasDomain, twoCookies, 1),
];

contest({ bodyRules, unwantedHeaders, wantedHeaders });
