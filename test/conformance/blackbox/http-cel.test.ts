import { contest, type ProbeCase } from './kit/contest.ts';
import { answering } from './kit/http.ts';

const beyond = 'CEL came with 0.27';

function cases(list: 'fail_if_body_json_matches_cel' | 'fail_if_body_json_not_matches_cel') {
  return (title: string, expression: string, body: string, success: 0 | 1): ProbeCase => ({
    title,
    module: { prober: 'http', http: { [list]: expression } },
    server: answering({ body }),
    expect: {
      success,
      metrics: {
        probe_failed_due_to_cel: 1 - success,
        probe_failed_due_to_regex: 0,
        probe_http_content_length: Buffer.byteLength(body),
        probe_http_uncompressed_body_length: Buffer.byteLength(body),
      },
    },
    beyond,
  });
}

const isBad = "body.tide.level == 'high'";
const high = '{"tide": {"level": "high"}}';
const low = '{"tide": {"level": "low"}}';
const noJson = 'the tide is high';

const not = cases('fail_if_body_json_matches_cel');
const matching: readonly ProbeCase[] = [
  not('BB-T36 an expression that is true fails', isBad, high, 0),
  not('BB-T37 an expression that is false is well', isBad, low, 1),
  not('BB-T38 a key that is not there fails', isBad, '{}', 0),
  not('BB-T39 an expression that is neither true nor false fails', 'body.tide.level', high, 0),
  not('BB-T40 a body that is no JSON fails', isBad, noJson, 0),
  not('BB-T41 a key of an empty object fails', 'body.level == 1', '{}', 0),
  not('BB-T42 a JSON text that is equal fails', "body == 'high'", '"high"', 0),
  not('BB-T43 an element of a JSON list that is equal fails', "body[0] == 'high'", '["high"]', 0),
  not('BB-T44 the JSON true fails where the body itself is asked for', 'body', 'true', 0),
  not('BB-T45 an empty body fails', isBad, '', 0),
  not('BB-T46 a text of emoji that is no JSON fails', isBad, '🌊🌊', 0),
  not('BB-T47 emoji in JSON that are not equal are well', "body.sea == '🌊'", '{"sea": "🏖"}', 1),
];

const must = cases('fail_if_body_json_not_matches_cel');
const notMatching: readonly ProbeCase[] = [
  must('BB-T48 an expression that is true is well', isBad, high, 1),
  must('BB-T49 an expression that is false fails', isBad, low, 0),
  must('BB-T50 a key that is not there fails here too', isBad, '{}', 0),
  must('BB-T51 what is neither true nor false fails here too', 'body.tide.level', high, 0),
  must('BB-T52 a body that is no JSON fails here too', isBad, noJson, 0),
  must('BB-T53 the lack of a key can be what is wanted', '!has(body.level)', '{}', 1),
  must('BB-T54 a JSON text that is equal is well', "body == 'high'", '"high"', 1),
  must(
    'BB-T55 an element of a JSON list that is equal is well',
    "body[0] == 'high'",
    '["high"]',
    1,
  ),
  must('BB-T56 the JSON true is well', 'body', 'true', 1),
  must('BB-T57 an empty body fails here too', isBad, '', 0),
  must('BB-T58 a text of emoji that is no JSON fails here too', isBad, '🌊🌊', 0),
  must('BB-T59 emoji in JSON that are equal are well', "body.sea == '🌊'", '{"sea": "🌊"}', 1),
];

contest({ matching, notMatching });
