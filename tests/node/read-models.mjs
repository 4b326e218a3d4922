// Reads what the .NET side wrote, through a client generated from the PRD's own schema.
//   DATABASE_URL=mysql://user:password@127.0.0.1:3306/kiwicar node read-models.mjs
// Prints one JSON object: { listings, users, favorites, messages }. A Decimal comes out as a string.
import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import prismaClient from '@prisma/client';

const url = new URL(process.env.DATABASE_URL);
const adapter = new PrismaMariaDb({
  host: url.hostname,
  port: Number(url.port || 3306),
  user: decodeURIComponent(url.username),
  password: decodeURIComponent(url.password),
  database: url.pathname.slice(1),
  connectionLimit: 2,
  allowPublicKeyRetrieval: true, // MySQL 8.4 without TLS
});
const prisma = new prismaClient.PrismaClient({ adapter });

try {
  const listings = await prisma.listing.findMany({
    include: { images: true, priceHistory: true },
    orderBy: { id: 'asc' },
  });
  const users = await prisma.user.findMany();
  const favorites = await prisma.favorite.findMany();
  const messages = await prisma.message.findMany({
    include: { sender: true, receiver: true, listing: true },
  });
  process.stdout.write(`${JSON.stringify({ listings, users, favorites, messages })}\n`);
} finally {
  await prisma.$disconnect();
}
