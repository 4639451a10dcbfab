// What can go wrong between a git client and its server, on order.

/** One request of git's smart HTTP protocol. */
export type GitOperation =
  | 'upload-pack refs'
  | 'upload-pack'
  | 'receive-pack refs'
  | 'receive-pack'
  | 'other';

export type GitFault = {
  /** Only these requests; by default those that the kind of fault is about. */
  on?: GitOperation[];
  /** How many requests it hits before it ends by itself; default: all. */
  times?: number;
} & (
  | { /** Connections are reset as soon as they are made. */ kind: 'down' }
  | { /** Requests are taken and never answered. */ kind: 'silent' }
  | { /** Answers drip. */ kind: 'slow'; bytesPerSecond: number }
  | { kind: 'status'; code: number; headers?: Record<string, string>; body?: string }
  | { /** The connection breaks in the middle of an answer. */ kind: 'cut'; afterBytes: number }
  | {
      /** git itself dies while it writes a pack, and says so in the protocol. */ kind: 'packDies';
      afterBytes: number;
    }
  | {
      /** Runs after the client has seen the refs and before its push is looked at. */ kind: 'beforeReceive';
      run: () => Promise<void>;
    }
  | { /** The push is done, the answer is lost. */ kind: 'afterReceiveDrop' }
  | {
      /** Reads are answered from an older copy, as by a replica that lags. See `freeze`. */ kind: 'stale';
      snapshot: string;
    }
);

const everything: GitOperation[] = ['upload-pack refs', 'upload-pack', 'receive-pack refs', 'receive-pack'];

const usual: Record<GitFault['kind'], GitOperation[]> = {
  down: [], // connections are reset before there is a request
  silent: everything,
  slow: everything,
  status: everything,
  cut: ['upload-pack'],
  packDies: ['upload-pack'],
  beforeReceive: ['receive-pack'],
  afterReceiveDrop: ['receive-pack'],
  stale: ['upload-pack refs', 'upload-pack'],
};

export function faultApplies(fault: GitFault, operation: GitOperation): boolean {
  return (fault.on ?? usual[fault.kind]).includes(operation);
}
