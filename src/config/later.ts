/**
 * What the contract, Alertmanager or blackbox_exporter know and this version does not do. Such a key is
 * refused by line as unsupported, not as misspelt.
 */

const sections = words('templates tracing');

/** Keys of `http_config` that newer versions of Alertmanager know. */
const httpConfigKeys = words(`http_headers username_ref password_ref credentials_ref`);

/** Keys of `oauth2` for the grant jwt-bearer, and for stores of secrets. */
const oauth2Keys = words(`client_secret_ref client_certificate_key client_certificate_key_file
  client_certificate_key_id client_certificate_key_ref signature_algorithm iss audience claims`);

const routingKeys = words(`labels discord_configs incidentio_configs
  jira_configs mattermost_configs msteams_configs msteamsv2_configs opsgenie_configs
  pushover_configs rocketchat_configs sns_configs telegram_configs victorops_configs webex_configs
  wechat_configs
  message_text title_link text fallback callback_id fields short_fields actions image_url thumb_url
  mrkdwn_in
  service_key service_key_file
  html payload
  opsgenie_api_key opsgenie_api_key_file opsgenie_api_url victorops_api_key victorops_api_key_file
  victorops_api_url telegram_api_url telegram_bot_token telegram_bot_token_file wechat_api_url
  wechat_api_secret wechat_api_secret_file wechat_api_corp_id webex_api_url rocketchat_api_url
  rocketchat_token rocketchat_token_file rocketchat_token_id rocketchat_token_id_file jira_api_url
  mattermost_webhook_url mattermost_webhook_url_file`);

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/));
}

/** Whether a key that no schema knows at this path is one that other versions or programs know. */
export function isUnsupported(key: string, path: string): boolean {
  if (path === key) return sections.has(key);
  if (path.endsWith(`oauth2.${key}`)) return oauth2Keys.has(key);
  if (path.includes('http_config.') && httpConfigKeys.has(key)) return true;
  return /^(?:route|receivers|global|notify)\b/.test(path) && routingKeys.has(key);
}
