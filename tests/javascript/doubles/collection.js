// A collection that understands the operators of a document store which tell anything here.
const documents = [
  { id: 'u-1001', email: 'ada@example.com', name: 'Ada Lovelace', verified: true },
  { id: 'u-1002', email: 'bob@example.com', name: 'Bob Kahn', verified: false },
  { id: 'u-1003', email: 'cyd@example.com', name: 'Cyd Charisse', verified: true },
];

const operators = {
  $ne: (value, other) => value !== other,
  $gt: (value, other) => value > other,
};

exports.findOne = async (query) => {
  const matches = (value, wanted) =>
    wanted !== null && typeof wanted === 'object'
      ? Object.entries(wanted).every(([name, other]) => operators[name] && operators[name](value, other))
      : value === wanted;
  return documents.find((document) => Object.entries(query).every(([key, wanted]) => matches(document[key], wanted))) ?? null;
};
