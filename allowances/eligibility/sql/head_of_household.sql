-- Head of the household: by the list, else by the record.
coalesce({head_of_household}, own.relation = 'head')
