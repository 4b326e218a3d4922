using System.Text.Json;
using KiwiCar.Host.Logging;
using Serilog.Events;
using Serilog.Parsing;

namespace KiwiCar.Tests.Logging;

public class RedactionTests
{
    private const string Token = "aB3-_fghijklmnopqrstuvwxyz0123456789ABCDEFG", Jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";

    [Theory]
    [InlineData("sent to mere@example.com today", "sent to [e-mail] today")]
    [InlineData("<Mere.O-Neill+cars@mail.example.co.nz>, tom@example.com.", "<[e-mail]>, [e-mail]")]
    [InlineData("?email=mere%40example.com&x=1", "?email=[e-mail]&x=1")]
    [InlineData("āmere@example.com", "[e-mail]")]
    [InlineData("a @ b, @home, 5@", "a @ b, @home, 5@")]
    [InlineData($"Bearer {Jwt}", "Bearer [token]")]
    [InlineData("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "[token]")]
    [InlineData($"/verify-email/{Token}?x", "/verify-email/[token]?x")]
    [InlineData($"{Token}x", $"{Token}x")] // a name, a hash: not of that length
    [InlineData("0193f5a2-7c1e-7d55-9a3b-3f1c2b4d5e6f is an id", "0193f5a2-7c1e-7d55-9a3b-3f1c2b4d5e6f is an id")]
    public void What_no_log_may_hold_is_taken_out(string text, string written) => Assert.Equal(written, Redacted(text));

    [Theory]
    [InlineData("a\r\nb\u001b[31mc", "a\\u000d\\u000ab\\u001b[31mc")]
    [InlineData("a\\\nb", "a\\\\u000ab")]
    [InlineData("a\\u\r\nb", "a\\u\\u000d\\u000ab")]
    [InlineData("\u0085\u2028\u007f", "\\u0085\\u2028\\u007f")]
    public void What_would_break_a_line_is_spelt(string text, string written) => Assert.Equal(written, Redacted(text));

    [Theory]
    [InlineData("\nmere@example.com", "\n[e-mail]")]
    [InlineData("\u001bmere@example.com", "\u001b[e-mail]")]
    [InlineData($"\u001b{Token}\n{Token}\"{Token}\\", "\u001b[token]\n[token]\"[token]\\")]
    [InlineData("\\\\mere@example.com\\", "\\\\[e-mail]\\")]
    public void Json_stays_json(string value, string read)
    {
        var line = Format(new JsonLines(), LogEventLevel.Information, "{Value}", value);
        Assert.Equal(read, JsonDocument.Parse(line).RootElement.GetProperty("Properties").GetProperty("Value").GetString());
    }

    [Fact]
    public void An_exception_is_redacted_too()
    {
        var line = Format(new JsonLines(), LogEventLevel.Error, "failed", "", new InvalidOperationException($"Duplicate entry 'mere@example.com'\r\n{Jwt}"));
        Assert.DoesNotContain("mere", line, StringComparison.Ordinal);
        Assert.DoesNotContain("eyJ", line, StringComparison.Ordinal);
        Assert.Equal(line.Length - 1, line.IndexOf('\n', StringComparison.Ordinal));
        Assert.Contains("[e-mail]", JsonDocument.Parse(line).RootElement.GetProperty("Exception").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void On_the_console_an_event_is_a_line_and_its_exception_stands_below()
    {
        var text = Format(new PlainText(), LogEventLevel.Error, "{Value} failed", "x\r\n[12:00:00 INF] forged\u001b[2J", new InvalidOperationException("no\u001b[31m"));
        var lines = text.Split('\n');
        Assert.EndsWith("ERR] x\\u000d\\u000a[12:00:00 INF] forged\\u001b[2J failed", lines[0], StringComparison.Ordinal);
        Assert.Equal("    System.InvalidOperationException: no\\u001b[31m", lines[1]);
        Assert.Equal(3, lines.Length);
    }

    private static string Redacted(string text)
    {
        using var output = new StringWriter();
        Redaction.Write(text, output);
        return output.ToString();
    }

    private static string Format(Serilog.Formatting.ITextFormatter format, LogEventLevel level, string template, string value, Exception? exception = null)
    {
        using var output = new StringWriter();
        format.Format(new LogEvent(DateTimeOffset.UtcNow, level, exception, new MessageTemplateParser().Parse(template), [new("Value", new ScalarValue(value))]), output);
        return output.ToString();
    }
}
