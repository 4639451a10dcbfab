// Who wrote the App's objects, from the API server's own log: proof that the agent wrote none of them as itself.
// Only the demo's own control plane keeps such a log where it can be read.

import { readFileSync } from 'node:fs';

interface AuditEvent {
  verb: string;
  user?: { username?: string };
  impersonatedUser?: { username?: string };
  objectRef?: { resource?: string; namespace?: string };
}

const WRITES = ['create', 'update', 'patch', 'delete', 'deletecollection'];
const RESOURCES = ['deployments', 'services', 'configmaps'];

/** `USER as ACCOUNT`, each once, of those who wrote (or tried to) the kinds of objects that the shop is made of. */
export function writersIn(log: string, namespace: string): string[] {
  const writers = log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter(({ verb, objectRef }) => WRITES.includes(verb) && objectRef?.namespace === namespace)
    .filter(({ objectRef }) => RESOURCES.includes(objectRef?.resource ?? ''))
    .map(({ user, impersonatedUser }) => `${user?.username} as ${impersonatedUser?.username ?? 'itself'}`);
  return [...new Set(writers)].sort();
}

export function readWriters(path: string, namespace: string): string[] {
  const text = readFileSync(path, 'utf8');
  // The last line may still be being written.
  return writersIn(text.slice(0, text.lastIndexOf('\n') + 1), namespace);
}
