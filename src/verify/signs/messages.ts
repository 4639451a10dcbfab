// What the cluster's own sentences mean. They are read for their meaning only and never passed on: evidence is
// made of our words. The words looked for are those of kubelet, container runtimes and admission plugins; what
// is not recognised is put down to the surroundings.

import type { SignalName } from '../../model/signal.ts';

export interface Meaning {
  signal: SignalName;
  blames: 'commit' | 'surroundings';
  /** For the evidence. */
  words: string;
}

/** Why an image was not pulled. Names of images are left out first: they can hold any of these words. */
export function pullMeaning(message: string, image: string): Meaning {
  const text = (image === '' ? message : message.replaceAll(image, '')).replaceAll(/"[^"]*"/g, '');
  const other: Meaning = { signal: 'ImagePull', blames: 'surroundings', words: 'registry trouble' };
  if (
    /too ?many ?requests|rate limit|permission denied|no such host|host not found|x509|timeout/i.test(text)
  ) {
    return other;
  }
  if (/not found|manifest unknown|name unknown|does not exist|no match for platform/i.test(text)) {
    return { signal: 'ImageNotFound', blames: 'commit', words: 'image not found' };
  }
  if (/unauthorized|denied|authentication required/i.test(text)) {
    return { signal: 'ImageNotFound', blames: 'commit', words: 'access denied' };
  }
  return other;
}

/** Why a controller could not create a pod. */
export function createMeaning(text: string): Meaning {
  if (/exceeded quota|failed quota/i.test(text)) {
    return { signal: 'FailedCreateQuota', blames: 'surroundings', words: 'quota exceeded' };
  }
  if (/fail(ed|ing) (to )?call(ing)? webhook/i.test(text)) {
    return { signal: 'FailedCreateWebhook', blames: 'surroundings', words: 'a webhook did not answer' };
  }
  if (/being terminated/i.test(text)) {
    return { signal: 'FailedCreate', blames: 'surroundings', words: 'namespace is being terminated' };
  }
  if (/violates PodSecurity/i.test(text)) {
    return { signal: 'FailedCreate', blames: 'commit', words: 'violates PodSecurity' };
  }
  if (/service ?account .*not found/i.test(text)) {
    return { signal: 'FailedCreate', blames: 'commit', words: 'ServiceAccount not found' };
  }
  if (/forbidden|denied the request|is invalid/i.test(text)) {
    return { signal: 'FailedCreate', blames: 'commit', words: 'forbidden' };
  }
  return { signal: 'FailedCreate', blames: 'surroundings', words: 'for another reason' };
}

/** Why a controller of others calls its object failed: its words repeat those of what it has made. */
export function failureMeaning(text: string): Meaning {
  const made = createMeaning(text);
  if (made.signal !== 'FailedCreate' || made.words === 'namespace is being terminated') return made;
  if (/\bassessed Error\b/.test(text))
    return { signal: 'Degraded', blames: 'surroundings', words: 'its analysis could not measure' };
  if (/\b(unable to fetch|pull(ing)?|resolve) image\b|\bErrImagePull\b|\bImagePullBackOff\b/i.test(text))
    return pullMeaning(text.replaceAll(/https?:\/\/\S+/g, ''), '');
  return made.blames === 'commit' ? made : { signal: 'Degraded', blames: 'commit', words: '' };
}

/** Why a volume was not mounted; undefined where it is only a cache that is not filled yet. */
export function mountMeaning(text: string): Meaning | undefined {
  if (isCacheSync(text)) return undefined;
  if (/(configmap|secret) .*not found|non-?existent (config|secret) key/i.test(text)) {
    return { signal: 'FailedMountNotFound', blames: 'commit', words: 'not found' };
  }
  return { signal: 'FailedMount', blames: 'surroundings', words: 'volume not mounted' };
}

/** The node has not read the Secret or ConfigMap yet; it will. */
export function isCacheSync(text: string): boolean {
  return /failed to sync .*cache|object .*not registered/i.test(text);
}

/** A container runtime in trouble, whatever the container is. */
export function isRuntimeTrouble(text: string): boolean {
  return /deadline exceeded|is reserved for|no space left|code = Unavailable|connection refused/i.test(text);
}

/** The name of the Secret that a message misses. */
export function missingSecret(text: string): string | undefined {
  return /secret "(?:[^"/]*\/)?([^"/]+)" not found/i.exec(text)?.[1];
}
