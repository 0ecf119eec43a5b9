-- What GET /rates asks for: some origins, some destinations, a range of days. With the price inside
-- the index, the table itself is not read.
CREATE INDEX prices_route_day ON public.prices (orig_code, dest_code, day) INCLUDE (price);
