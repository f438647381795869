import { expect, test } from 'vitest';
import { leadsOutside } from '../../src/lib/outside-host.ts';

const own = ['203.0.113.7', '2001:db8::7'];

test.each([
  'https://example.com/health',
  'example.com:443',
  'example.com',
  '1.1.1.1:53',
  '1.1.1.1',
  'https://user@[2606:4700::1111]:8443/x',
  '[2606:4700::1111]:53',
  '2606:4700::1111',
  'wss://example.com/live',
  'grpc.example.com:50051',
])('%s leads outside', (target) => {
  expect(leadsOutside(target, own)).toBe(true);
});

test.each([
  'http://127.0.0.1:18789/health',
  'http://localhost:3000',
  'app.localhost:80',
  'printer.local',
  '[::1]:6379',
  '::1',
  '10.0.0.5:5432',
  'http://192.168.1.1/',
  'https://[fd00::1]/',
  'fe80::1%eth0',
  '203.0.113.7:443',
  'https://[2001:db8::7]/',
  '/run/app.sock',
  '',
])('%s does not', (target) => {
  expect(leadsOutside(target, own)).toBe(false);
});
