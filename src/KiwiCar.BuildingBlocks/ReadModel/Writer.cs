using System.Text;

namespace KiwiCar.BuildingBlocks.ReadModel;

/// <summary>A table a projection may write, with its key column.</summary>
/// <param name="Name">As in Tables.sql; rebuilds write to the same name with a suffix.</param>
/// <param name="FirstWins">Whether a row that is there already stays as it is, instead of taking the new values.</param>
public sealed record Table(string Name, string Key = "id", bool FirstWins = false);

/// <summary>
/// Collects what a batch of events writes, row by row, and sends it as few statements of many rows. Later writes to a row replace
/// earlier ones, so a batch costs one write a row, however many events touched it. Every write may be repeated: a replay makes the same rows.
/// </summary>
/// <param name="suffix">Added to each table's name: empty for the live tables.</param>
public sealed class Writer(IReadOnlyList<Table> tables, string suffix = "")
{
    private const int RowsAStatement = 200;      // 200 adverts of the longest kind stay below the servers' smallest packet limit
    private const int CharactersACommand = 1 << 20;
    private readonly Dictionary<string, PendingTable> pending = tables.ToDictionary(t => t.Name, t => new PendingTable(t, t.Name + suffix));

    /// <summary>The row is new, or replaces the one with the same key.</summary>
    public void Insert(string table, Guid key, params ReadOnlySpan<(string Column, object? Value)> values) =>
        Row(table, key, isNew: true, values);

    /// <summary>Sets columns of a row that an earlier event inserted.</summary>
    public void Update(string table, Guid key, params ReadOnlySpan<(string Column, object? Value)> values) =>
        Row(table, key, isNew: false, values);

    /// <summary>Removes a row; one written after it stays.</summary>
    public void Delete(string table, Guid key)
    {
        var target = pending[table];
        target.Rows.Remove(key);
        target.Deletes.Add((target.Definition.Key, key));
    }

    /// <summary>Removes every row of <paramref name="table"/> whose <paramref name="column"/> has this value; rows written after it stay.</summary>
    public void DeleteWhere(string table, string column, Guid value)
    {
        var target = pending[table];
        foreach (var (key, _) in target.Rows.Where(r => Equals(r.Value.Values.GetValueOrDefault(column), value)).ToList()) target.Rows.Remove(key);
        target.Deletes.Add((column, value));
    }

    /// <summary>
    /// Sets columns of every row of <paramref name="table"/> whose <paramref name="column"/> has this value, also of those collected so far; rows written after it
    /// stay. Columns that <see cref="Update"/> sets, too, are not for it: those come last.
    /// </summary>
    public void UpdateWhere(string table, string column, Guid value, params ReadOnlySpan<(string Column, object? Value)> values)
    {
        var target = pending[table];
        foreach (var row in target.Rows.Values.Where(r => Equals(r.Values.GetValueOrDefault(column), value)))
            foreach (var (name, now) in values) row.Values[name] = now;
        target.Sets.Add((column, value, values.ToArray()));
    }

    /// <summary>The rows collected so far, for tests: table, key, column, value.</summary>
    public IEnumerable<(string Table, Guid Key, string Column, object? Value)> Rows =>
        from table in pending.Values from row in table.Rows from value in row.Value.Values
        select (table.Definition.Name, row.Key, value.Key, value.Value);

    /// <summary>Everything collected, as commands of several statements, each one round trip; none where there is nothing to write.</summary>
    public IEnumerable<string> Commands()
    {
        var sql = new StringBuilder();
        foreach (var append in pending.Values.SelectMany(t => t.Deleting())
            .Concat(pending.Values.SelectMany(t => t.Setting()))
            .Concat(pending.Values.SelectMany(t => t.Inserting()))
            .Concat(pending.Values.SelectMany(t => t.Updating())))
        {
            append(sql);
            if (sql.Length < CharactersACommand) continue;
            yield return sql.ToString();
            sql.Clear();
        }
        if (sql.Length > 0) yield return sql.ToString();
    }

    private void Row(string table, Guid key, bool isNew, ReadOnlySpan<(string Column, object? Value)> values)
    {
        var rows = pending[table].Rows;
        if (!rows.TryGetValue(key, out var row) || isNew) rows[key] = row = new PendingRow(isNew);
        foreach (var (column, value) in values) row.Values[column] = value;
    }

    private sealed record PendingRow(bool IsNew)
    {
        public Dictionary<string, object?> Values { get; } = new(StringComparer.Ordinal);
    }

    private sealed record PendingTable(Table Definition, string Name)
    {
        public Dictionary<Guid, PendingRow> Rows { get; } = [];
        public List<(string Column, Guid Value)> Deletes { get; } = [];
        public List<(string Column, Guid Value, (string Column, object? Value)[] Values)> Sets { get; } = [];

        public IEnumerable<Action<StringBuilder>> Setting() => Sets.Select(set => (Action<StringBuilder>)(sql =>
        {
            sql.Append($"UPDATE `{Name}` SET ");
            AppendList(sql, set.Values, (s, v) => SqlLiteral.Append(s.Append($"`{v.Column}`="), v.Value));
            SqlLiteral.Append(sql.Append($" WHERE `{set.Column}`="), set.Value);
            sql.Append(";\n");
        }));

        public IEnumerable<Action<StringBuilder>> Deleting() =>
            Deletes.GroupBy(d => d.Column).SelectMany(c => c.Chunk(RowsAStatement)).Select(chunk => (Action<StringBuilder>)(sql =>
            {
                sql.Append($"DELETE FROM `{Name}` WHERE `{chunk[0].Column}` IN (");
                AppendList(sql, chunk, (s, d) => SqlLiteral.Append(s, d.Value));
                sql.Append(");\n");
            }));

        public IEnumerable<Action<StringBuilder>> Inserting() => Groups(isNew: true).Select(g => (Action<StringBuilder>)(sql =>
        {
            var (columns, rows) = g;
            sql.Append($"INSERT INTO `{Name}` (`{Definition.Key}`");
            foreach (var column in columns) sql.Append($",`{column}`");
            sql.Append(") VALUES ");
            AppendList(sql, rows, (s, row) =>
            {
                SqlLiteral.Append(s.Append('('), row.Key);
                foreach (var column in columns) SqlLiteral.Append(s.Append(','), row.Value.Values[column]);
                s.Append(')');
            });
            sql.Append(" ON DUPLICATE KEY UPDATE ");
            if (Definition.FirstWins) sql.Append($"`{Definition.Key}`=`{Definition.Key}`");
            else AppendList(sql, columns, (s, column) => s.Append($"`{column}`=VALUES(`{column}`)"));
            sql.Append(";\n");
        }));

        // The new values are a derived table joined by key; its ids are ascii like the key column, so that the join uses the index.
        public IEnumerable<Action<StringBuilder>> Updating() => Groups(isNew: false).Select(g => (Action<StringBuilder>)(sql =>
        {
            var (columns, rows) = g;
            sql.Append($"UPDATE `{Name}` t JOIN (SELECT NULL AS k");
            for (var i = 0; i < columns.Length; i++) sql.Append($",NULL AS v{i}");
            sql.Append(" FROM DUAL WHERE FALSE");
            foreach (var (key, row) in rows)
            {
                SqlLiteral.Append(sql.Append(" UNION ALL SELECT "), key);
                foreach (var column in columns) SqlLiteral.Append(sql.Append(','), row.Values[column]);
            }
            sql.Append($") v ON t.`{Definition.Key}` = v.k SET ");
            AppendList(sql, columns.Select((column, i) => (column, i)), (s, c) => s.Append($"t.`{c.column}`=v.v{c.i}"));
            sql.Append(";\n");
        }));

        // Rows that write the same columns share a statement.
        private IEnumerable<(string[] Columns, KeyValuePair<Guid, PendingRow>[] Rows)> Groups(bool isNew) =>
            from row in Rows
            where row.Value.IsNew == isNew
            group row by string.Join(',', row.Value.Values.Keys) into alike
            from chunk in alike.Chunk(RowsAStatement)
            select (chunk[0].Value.Values.Keys.ToArray(), chunk);

        private static void AppendList<T>(StringBuilder sql, IEnumerable<T> items, Action<StringBuilder, T> append)
        {
            var first = true;
            foreach (var item in items)
            {
                if (!first) sql.Append(',');
                append(sql, item);
                first = false;
            }
        }
    }
}
