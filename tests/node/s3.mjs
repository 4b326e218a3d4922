// An S3 server for the tests.
//   node s3.mjs DIRECTORY BUCKET
// The first line on stdout is its port (loopback). It ends when stdin is closed, so that it never
// outlives the test that started it. Access key and secret are both S3RVER.
import S3rver from 's3rver';

const [directory, bucket] = process.argv.slice(2);
if (!directory || !bucket) {
  console.error('usage: node s3.mjs DIRECTORY BUCKET');
  process.exit(2);
}

const server = new S3rver({
  address: '127.0.0.1',
  port: 0,
  directory,
  silent: true,
  configureBuckets: [{ name: bucket }],
});
const { port } = await server.run();
console.log(port);

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
process.stdin.on('error', () => process.exit(0));
