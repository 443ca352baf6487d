// A search engine that understands the part of the Lucene syntax which tells anything here.
const people = [
  { id: 'u-1001', email: 'ada@example.com', name: 'Ada Lovelace', verified: true },
  { id: 'u-1002', email: 'bob@example.com', name: 'Bob Kahn', verified: false },
  { id: 'u-1003', email: 'cyd@example.com', name: 'Cyd Charisse', verified: true },
];

exports.search = async (query) => {
  const terms = query.split(' OR ').map((term) => term.trim().replace(/^(?:email:)+/, ''));
  return people.filter((person) => terms.some((term) => term === '*' || term === person.email));
};
