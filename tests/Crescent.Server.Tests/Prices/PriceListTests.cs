using Crescent.Server.Prices;
using Xunit;

namespace Crescent.Tests.Prices;

public sealed class PriceListTests
{
    [Fact]
    public void A_list_is_read()
    {
        var list = Read("""
            {
              // from their pages
              "date": "2026-11-01", "currency": "EUR",
              "electricity": { "watts": 250, "per_kwh": 0.32 },
              "hosted": [
                { "name": "A", "model": "kimi-k2*", "prompt": 0.6, "cached": 0.15, "completion": 2.5 },
                { "name": "B", "model": "*", "prompt": 1, "completion": 3 },
              ],
            }
            """);
        Assert.Equal((new DateOnly(2026, 11, 1), "EUR"), (list.Date, list.Currency));
        Assert.Equal(0.08, list.Electricity!.Of(TimeSpan.FromHours(1)), 1e-12);
        Assert.Equal((0.6 * 900) + (0.15 * 100) + (2.5 * 50), list.Hosted[0].Of(1000, 100, 50) * 1e6, 1e-9);
        Assert.Equal(1000 + (3 * 50), list.Hosted[1].Of(1000, 100, 50) * 1e6, 1e-9);
        Assert.True(list.Hosted[0].IsFor("Kimi-K2-Q4_0"));
        Assert.False(list.Hosted[0].IsFor("moonlight"));
        Assert.True(list.Hosted[1].IsFor("moonlight"));
        Assert.Empty(Read("""{"date":"2026-11-01","currency":"EUR"}""").Hosted);
    }

    [Theory]
    [InlineData("", "JSON")]
    [InlineData("[]", "PriceList")]
    [InlineData("null", "expected an object")]
    [InlineData("""{"currency":"EUR"}""", "date")]
    [InlineData("""{"date":"1 May","currency":"EUR"}""", "$.date")]
    [InlineData("""{"date":"2026-11-01","currency":" "}""", "currency")]
    [InlineData("""{"date":"2026-11-01","currency":"EUR","hosts":[]}""", "hosts")]
    [InlineData("""{"date":"2026-11-01","currency":"EUR","hosted":null}""", "hosted")]
    [InlineData("""{"date":"2026-11-01","currency":"EUR","hosted":[null]}""", "hosted[0]")]
    [InlineData("""{"date":"2026-11-01","currency":"EUR","hosted":[{"name":"A","model":"*","prompt":1}]}""", "completion")]
    [InlineData("""{"date":"2026-11-01","currency":"EUR","hosted":[{"name":"A","model":"*","prompt":-1,"completion":1}]}""", "hosted[0].prompt: expected a number from 0, found -1")]
    [InlineData("""{"date":"2026-11-01","currency":"EUR","electricity":{"watts":-2,"per_kwh":1}}""", "electricity.watts")]
    [InlineData("""{"date":"2026-11-01","currency":"EUR","electricity":{"watts":"much","per_kwh":1}}""", "$.electricity.watts")]
    public void A_mistake_is_named(string json, string words)
    {
        var exception = Assert.Throws<ArgumentException>(() => Read(json));
        Assert.Contains(words, exception.Message, StringComparison.Ordinal);
        Assert.Contains("prices", exception.Message, StringComparison.Ordinal);
    }

    private static PriceList Read(string json)
    {
        var path = Path.Combine(Path.GetTempPath(), $"prices-{Guid.NewGuid():N}.json");
        File.WriteAllText(path, json);
        try
        {
            return PriceList.Read(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
