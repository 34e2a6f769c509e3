-- What somebody made by hand in production, years ago: no revision knows of it.
CREATE TABLE season_price (
    id integer PRIMARY KEY,
    season text NOT NULL,
    daily_rate numeric(10, 2) NOT NULL
);
