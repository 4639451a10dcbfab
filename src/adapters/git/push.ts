// Moves the branch from one commit to the next, or not at all (I1). Invariants:
// P1 Nothing is sent unless the host advertises exactly the commit that was decided on; the host then
//    compares once more, when it moves the branch. A missing branch is never made again.
// P2 What the host says about a refusal is shown, not believed: whether the branch moved is read again.
// P3 Without an answer that proves the outcome it is `unknown`.

import * as git from 'isomorphic-git';
import { PawlError } from '../../model/errors.ts';
import type { PushAnswer } from '../../ports.ts';
import { clean, codeOf, fromLibrary, missing } from './errors.ts';
import { wholeFiles, type ObjectStore } from './objects.ts';
import type { Transport } from './transport.ts';
import type { Place } from './url.ts';

const NO_COMMIT = '0'.repeat(40);
/** Answers after which the same push may succeed: somebody else held the branch's lock. */
const TRANSIENT = /(?:cannot|failed to|unable to) lock|\.lock\b|try again|timed out|temporar/i;
const SAYS_NO = new Set(['GitAuth', 'GitNotFound', 'GitRedirected', 'GitTooLarge']);

export interface PushRequest {
  store: ObjectStore;
  place: Place;
  transport: Transport;
  move: { onto: string; oid: string };
  /** Reads the branch from the host. */
  head: () => Promise<string | undefined>;
}

export async function pushMove({ store, place, transport, move, head }: PushRequest): Promise<PushAnswer> {
  const said: string[] = [];
  let advertised: string | undefined;
  let mayGo = false;
  try {
    await git.push({
      fs: wholeFiles,
      http: transport.http,
      gitdir: store.gitdir,
      url: place.url,
      remote: 'origin',
      ref: move.oid,
      remoteRef: place.ref,
      force: false,
      cache: {},
      onMessage: (line) => void said.push(line),
      onPrePush: ({ remoteRef }) => {
        const isBranch = remoteRef.ref === place.ref && remoteRef.oid !== NO_COMMIT;
        advertised = isBranch ? remoteRef.oid : undefined;
        mayGo = advertised === move.onto;
        return mayGo;
      },
    });
    const problem = transport.problem();
    return problem === undefined ? { kind: 'pushed' } : { kind: 'unknown', message: problem.message };
  } catch (error) {
    const problem = transport.problem();
    if (problem !== undefined) {
      return { kind: SAYS_NO.has(problem.code) ? 'refused' : 'unknown', message: problem.message };
    }
    if (codeOf(error) === 'UserCanceledError' && !mayGo) return { kind: 'moved', head: advertised };
    if (codeOf(error) === 'NotFoundError' && !transport.posted()) throw missing(place.url, move.oid);
    if (codeOf(error) === 'GitPushError') return refusal(hostSaid(error, said), move, head);
    const other = fromLibrary(place.url, error, 'unreachable');
    if (other.code === 'GitCache') throw other;
    return { kind: 'unknown', message: other.message };
  }
}

async function refusal(
  message: string,
  move: { onto: string },
  head: PushRequest['head'],
): Promise<PushAnswer> {
  let now: string | undefined;
  try {
    now = await head();
  } catch (error) {
    if (error instanceof PawlError) return { kind: 'unknown', message };
    throw error;
  }
  if (now !== move.onto) return { kind: 'moved', head: now };
  return { kind: TRANSIENT.test(message) ? 'unknown' : 'refused', message };
}

/** The reason per branch, and what hooks wrote for people to read. */
function hostSaid(error: unknown, said: readonly string[]): string {
  const result = (
    error as { data?: { result?: { error?: string; refs?: Record<string, { error?: string }> } } }
  ).data?.result;
  const reasons = Object.values(result?.refs ?? {}).map((ref) => ref.error ?? '');
  const reason = [result?.error ?? '', ...reasons].filter((text) => text !== '').join('; ');
  return clean([reason || 'refused', ...said].join(' ')) || 'refused';
}
