/** Options of probers of which one stands for the others: what a check says replaces what its module says. */
export const exclusiveOptions = [
  ['body', 'body_file'],
  ['basic_auth', 'authorization', 'oauth2', 'bearer_token', 'bearer_token_file'],
  ['username', 'username_file'],
  ['password', 'password_file'],
  ['credentials', 'credentials_file'],
  ['client_secret', 'client_secret_file'],
  ['ca', 'ca_file'],
  ['cert', 'cert_file'],
  ['key', 'key_file'],
  ['follow_redirects', 'no_follow_redirects'],
  ['proxy_url', 'proxy_from_environment'],
] as const;
