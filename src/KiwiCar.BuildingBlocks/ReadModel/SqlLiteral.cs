using System.Buffers;
using System.Globalization;
using System.Text;

namespace KiwiCar.BuildingBlocks.ReadModel;

/// <summary>
/// Values as SQL literals, for statements of many rows (the driver's parameters cost more than the rows). Holds for connections that
/// speak utf8mb4 without NO_BACKSLASH_ESCAPES, as <see cref="Database"/> sets them.
/// </summary>
internal static class SqlLiteral
{
    private static readonly SearchValues<char> Special = SearchValues.Create("\0\b\n\r\t\u001a\\'\"");

    public static void Append(StringBuilder sql, object? value)
    {
        switch (value)
        {
            case null: sql.Append("NULL"); break;
            case string text: AppendText(sql, text); break;
            case Guid id: sql.Append("_ascii'").Append(CultureInfo.InvariantCulture, $"{id:D}").Append('\''); break;
            case bool flag: sql.Append(flag ? '1' : '0'); break;
            case int number: sql.Append(number); break;
            case long number: sql.Append(number); break;
            case decimal number: sql.Append(CultureInfo.InvariantCulture, $"{number}"); break;
            case DateTimeOffset at: sql.Append(CultureInfo.InvariantCulture, $"'{at.UtcDateTime:yyyy-MM-dd HH:mm:ss.fff}'"); break;
            case DateOnly day: sql.Append(CultureInfo.InvariantCulture, $"'{day:yyyy-MM-dd}'"); break;
            case Enum name: AppendText(sql, name.ToString()); break;
            default: throw new NotSupportedException($"No SQL literal for {value.GetType()}");
        }
    }

    private static void AppendText(StringBuilder sql, ReadOnlySpan<char> text)
    {
        sql.Append('\'');
        for (var next = text.IndexOfAny(Special); next >= 0; next = text.IndexOfAny(Special))
        {
            sql.Append(text[..next]).Append('\\').Append(text[next] switch
            {
                '\0' => '0', '\b' => 'b', '\n' => 'n', '\r' => 'r', '\t' => 't', '\u001a' => 'Z', var same => same,
            });
            text = text[(next + 1)..];
        }
        sql.Append(text).Append('\'');
    }
}
