using System.Text.Json;

namespace Crescent.Server.Prices;

/// <summary>What answers cost, from a file that people keep.</summary>
public sealed record PriceList
{
    /// <summary>When the prices were looked up.</summary>
    public required DateOnly Date { get; init; }

    /// <summary>Of all prices, such as EUR.</summary>
    public required string Currency { get; init; }

    /// <summary>What this machine takes; null where nobody asks.</summary>
    public ElectricityPrice? Electricity { get; init; }

    /// <summary>What others take for the same tokens.</summary>
    public IReadOnlyList<HostedPrice> Hosted { get; init => field = value ?? []; } = [];

    /// <exception cref="ArgumentException">The file is no price list.</exception>
    public static PriceList Read(string path)
    {
        try
        {
            var list = JsonSerializer.Deserialize(File.ReadAllBytes(path), PriceJson.Default.PriceList) ?? throw new JsonException("expected an object, found null");
            list.Check();
            return list;
        }
        catch (JsonException exception)
        {
            throw new ArgumentException($"{path}: {exception.Message}", exception);
        }
    }

    /// <summary>What an answer costs whoever runs the server: its electricity, as if nothing else had run; where no power is given, what the first of the others takes for the model.</summary>
    public double Of(string model, int prompt, int cached, int completion, TimeSpan time) =>
        Electricity?.Of(time) ?? Hosted.FirstOrDefault(price => price.IsFor(model))?.Of(prompt, cached, completion) ?? 0;

    private void Check()
    {
        Require(Currency, "currency");
        if (Electricity is { } electricity)
        {
            Require(electricity.Watts, "electricity.watts");
            Require(electricity.PerKwh, "electricity.per_kwh");
        }

        for (var i = 0; i < Hosted.Count; i++)
        {
            var price = Hosted[i] ?? throw new JsonException($"hosted[{i}]: expected an object, found null");
            Require(price.Name, $"hosted[{i}].name");
            Require(price.Model, $"hosted[{i}].model");
            Require(price.Prompt, $"hosted[{i}].prompt");
            Require(price.Cached ?? 0, $"hosted[{i}].cached");
            Require(price.Completion, $"hosted[{i}].completion");
        }
    }

    private static void Require(string text, string field)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            throw new JsonException($"{field}: expected a name, found none");
        }
    }

    private static void Require(double number, string field)
    {
        if (!(number >= 0))
        {
            throw new JsonException(FormattableString.Invariant($"{field}: expected a number from 0, found {number}"));
        }
    }
}
