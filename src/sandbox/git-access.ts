// Who a request to the git server comes from: a password (Basic) or a token (Bearer, or as Basic's password).

/** A password, or more about the user. */
export type GitUser = string | { password?: string; token?: string /** Default: true. */; push?: boolean };

export interface KnownUser {
  name: string;
  mayPush: boolean;
}

/** The user that an Authorization header proves to be; without a list of users, everyone is `anyone`. */
export function identifyUser(
  users: Record<string, GitUser> | undefined,
  authorization: string | undefined,
): KnownUser | undefined {
  if (users === undefined) return { name: 'anyone', mayPush: true };
  const [scheme, value = ''] = authorization?.split(' ') ?? [];
  switch (scheme?.toLowerCase()) {
    case 'basic': {
      const text = Buffer.from(value, 'base64').toString('utf8');
      const colon = text.indexOf(':');
      const [name, secret] = [text.slice(0, colon), text.slice(colon + 1)];
      const user = users[name];
      if (user === undefined || !secretsOf(user).includes(secret)) return undefined;
      return { name, mayPush: mayPush(user) };
    }
    case 'bearer': {
      const found = Object.entries(users).find(
        ([, user]) => typeof user !== 'string' && user.token === value,
      );
      return found && { name: found[0], mayPush: mayPush(found[1]) };
    }
    case undefined:
    default:
      return undefined;
  }
}

function secretsOf(user: GitUser): (string | undefined)[] {
  return typeof user === 'string' ? [user] : [user.password, user.token].filter((one) => one !== undefined);
}

function mayPush(user: GitUser): boolean {
  return typeof user === 'string' || user.push !== false;
}
