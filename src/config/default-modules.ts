/**
 * The modules that ship with blackbox_exporter, under the names that scrape jobs use, in its format. The
 * one for HTTP/3 is left out: it would have to be refused.
 */
export const defaultModulesText = `
modules:
  http_2xx: { prober: http, http: { preferred_ip_protocol: ip4 } }
  http_post_2xx: { prober: http, http: { method: POST } }
  tcp_connect: { prober: tcp }
  pop3s_banner:
    prober: tcp
    tcp:
      query_response: [{ expect: "^+OK" }]
      tls: true
      tls_config: { insecure_skip_verify: false }
  grpc: { prober: grpc, grpc: { tls: true, preferred_ip_protocol: ip4 } }
  grpc_plain: { prober: grpc, grpc: { tls: false, service: service1 } }
  ssh_banner:
    prober: tcp
    tcp: { query_response: [{ expect: "^SSH-2.0-" }, { send: SSH-2.0-blackbox-ssh-check }] }
  ssh_banner_extract:
    prober: tcp
    timeout: 5s
    tcp:
      query_response:
        - expect: "^SSH-2.0-([^ -]+)(?: (.*))?$"
          labels:
            - { name: ssh_version, value: "\${1}" }
            - { name: ssh_comments, value: "\${2}" }
  irc_banner:
    prober: tcp
    tcp:
      query_response:
        - send: NICK prober
        - send: USER prober prober prober :prober
        - { expect: "PING :([^ ]+)", send: "PONG \${1}" }
        - expect: "^:[^ ]+ 001"
  icmp: { prober: icmp }
  icmp_ttl5: { prober: icmp, timeout: 5s, icmp: { ttl: 5 } }
  websocket: { prober: websocket }
  postgresql:
    prober: tcp
    tcp:
      query_response:
        - send: !!binary AAAACATSFi8= # the SSLRequest of PostgreSQL, eight bytes
        - expect_bytes: S # with TLS; without it comes an N
        - starttls: true
`;
