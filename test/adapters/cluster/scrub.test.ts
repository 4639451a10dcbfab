import { expect, test } from 'vitest';
import { scrubberOf } from '../../../src/adapters/cluster/scrub.ts';

const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'db', namespace: 'shop', annotations: { note: 'hunter2-in-a-note' } },
  type: 'Opaque',
  data: { password: Buffer.from('s3cr3t-pass').toString('base64') },
  stringData: { pem: '-----BEGIN KEY-----\nMIIabcdef0123\n-----END KEY-----', json: '{"token":"tok-123"}' },
};

const table = [
  {
    name: 'the value as it was sent',
    text: `cannot decode ${secret.data.password}`,
    hidden: secret.data.password,
  },
  { name: 'the decoded value', text: 'denied: s3cr3t-pass is weak', hidden: 's3cr3t-pass' },
  { name: 'a line of a value', text: 'bad line MIIabcdef0123', hidden: 'MIIabcdef0123' },
  {
    name: 'a value within quotes, escaped',
    text: 'Invalid value: "{\\"token\\":\\"tok-123\\"}": no',
    hidden: 'tok-123',
  },
  {
    name: 'a part of a value, which only the quotes give away',
    text: 'near "ret-pa" in field',
    hidden: 'ret-pa',
  },
  {
    name: 'a value that the server made of it',
    text: 'policy: `S3CR3T-PASS` is weak',
    hidden: 'S3CR3T-PASS',
  },
  {
    name: 'a value of the wrong type',
    text: 'expected string, got &value.valueUnstructured{Value:map[x:73921}]}',
    hidden: '73921',
  },
  { name: 'annotations', text: 'annotation hunter2-in-a-note is bad', hidden: 'hunter2-in-a-note' },
];

test.each(table)('hides $name', ({ text, hidden }) => {
  expect(scrubberOf(secret)(text)).not.toContain(hidden);
});

test('keeps names, keys and the server’s words', () => {
  const text = 'Secret "db" is invalid: data[password]: exceeded quota in namespace "shop" for "password"';
  expect(scrubberOf(secret)(text)).toBe(text);
});

test('knows the values of patches', () => {
  expect(scrubberOf({ data: { a: 'c2VjcmV0LW9uZQ==' } })('x secret-one')).toBe('x ***');
  expect(scrubberOf([{ op: 'add', path: '/data/a', value: 'c2VjcmV0LW9uZQ==' }])('x secret-one')).toBe(
    'x ***',
  );
});
