-- Age in completed years, months or days on a day (만 나이, 행정기본법 제7조의2), from a least to a highest.
({min} IS NULL OR {birth} <= ({on} - {min} * {unit})::date)
AND ({max} IS NULL OR {birth} > ({on} - ({max} + 1) * {unit})::date)
