import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { ownAddresses } from '../../src/lib/own-addresses.ts';

test('the addresses are those that the interfaces have', () => {
  const listed = Object.values(networkInterfaces()).flatMap((list = []) =>
    list.map(({ address }) => address),
  );
  expect(new Set(ownAddresses())).toEqual(new Set(listed));
});

test('where nothing can be read there are none', () => {
  expect(ownAddresses('/nonexistent')).toEqual([]);
});
