using System.Text.Json.Serialization;
using Crescent.Engine.Chat;
using Crescent.Server.Prices;

namespace Crescent.Server.OpenAi.Wire;

/// <summary>What answers to one prompt cost here, and would cost elsewhere.</summary>
/// <param name="Date">Of the prices.</param>
/// <param name="Electricity">Of the time from the request's turn to the end of its last answer, as if nothing else had run then; null where no power is given.</param>
internal sealed record Cost(
    string Currency, DateOnly Date, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Electricity, IReadOnlyList<HostedCost> Hosted)
{
    /// <summary>Null without a price list.</summary>
    public static Cost? Of(PriceList? prices, string model, params IReadOnlyList<EndUpdate> ends)
    {
        if (prices is null)
        {
            return null;
        }

        var usage = ends[0].Usage;
        var completion = ends.Sum(end => end.Usage.Completion);
        var hosted = prices.Hosted.Where(price => price.IsFor(model)).Select(price => new HostedCost(price.Name, price.Of(usage.Prompt, usage.Cached, completion)));
        return new Cost(prices.Currency, prices.Date, prices.Electricity?.Of(Time(ends)), [.. hosted]);
    }

    private static TimeSpan Time(IReadOnlyList<EndUpdate> ends) => ends.Max(end => end.Timings.Queue + end.Timings.Prompt + end.Timings.Answer) - ends.Min(end => end.Timings.Queue);
}
