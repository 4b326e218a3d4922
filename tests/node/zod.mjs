// The PRD's own validation (5.4), with the real zod: a JSON body a line in, its broken paths a line out.
import { createInterface } from 'node:readline';
import { z } from 'zod';

const createListingSchema = z.object({
  body: z.object({
    plateNumber: z.string().regex(/^[A-Z0-9]{1,7}$/),
    make: z.string().min(1).max(50),
    model: z.string().min(1).max(50),
    year: z.number().int().min(1900).max(new Date().getFullYear() + 1),
    mileage: z.number().int().min(0).max(1000000),
    price: z.number().min(100).max(10000000),
    description: z.string().min(50).max(5000),
    region: z.string().min(1),
    fuelType: z.enum(['PETROL', 'DIESEL', 'HYBRID', 'ELECTRIC', 'OTHER']),
    transmission: z.enum(['AUTOMATIC', 'MANUAL']),
    bodyType: z.string().min(1),
    color: z.string().min(1),
    vin: z.string().optional(),
    images: z.array(z.string().uuid()).min(3).max(10),
  }),
});

for await (const line of createInterface({ input: process.stdin })) {
  const { success, error } = createListingSchema.safeParse({ body: JSON.parse(line) });
  console.log(JSON.stringify(success ? [] : [...new Set(error.issues.map((issue) => issue.path.slice(1).join('.')))].sort()));
}
