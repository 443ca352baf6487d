// A directory that understands as much of LDAP filters (RFC 4515) as a search for one attribute needs.
const entries = [
  { uid: 'u-1001', mail: 'ada@example.com', cn: 'Ada Lovelace', verified: true },
  { uid: 'u-1002', mail: 'bob@example.com', cn: 'Bob Kahn', verified: false },
  { uid: 'u-1003', mail: 'cyd@example.com', cn: 'Cyd Charisse', verified: true },
];

exports.search = (filter) => {
  const conditions = [...filter.matchAll(/\((\w+)=([^()]*)\)/g)];
  const matches = (entry, [, name, value]) => {
    if (value === '*') return true;
    const pattern = value.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*');
    return new RegExp(`^${pattern}$`, 'i').test(String(entry[name] ?? ''));
  };
  return entries.filter((entry) => conditions.some((condition) => matches(entry, condition)));
};
