using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Crescent.Training.Runs;

namespace Crescent.Training.Ablations;

/// <summary>One run's configuration, and what is changed in it: each change is a variant that is run with each seed.</summary>
public sealed record AblationFamily
{
    /// <summary>A run's configuration without <c>output</c> and <c>seed</c>.</summary>
    public required JsonObject Base { get; init; }

    public ulong[] Seeds { get; set; } = [1, 2, 3];

    public required AblationVariant[] Variants { get; init; }

    /// <exception cref="InvalidDataException">The file is no such family.</exception>
    public static AblationFamily Read(string path)
    {
        try
        {
            var family = JsonSerializer.Deserialize(File.ReadAllText(path), AblationJson.Default.AblationFamily) ?? throw new InvalidDataException($"{path}: expected a JSON object, found null");
            family.Check(path);
            return family;
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{path}: {exception.Message}", exception);
        }
    }

    /// <summary>The configuration of a variant's run.</summary>
    /// <param name="output">Its folder.</param>
    /// <param name="steps">Steps in place of the configuration's; null leaves them.</param>
    /// <exception cref="InvalidDataException">The changed configuration is none.</exception>
    public RunOptions Options(AblationVariant variant, ulong seed, string output, int? steps = null)
    {
        ArgumentNullException.ThrowIfNull(variant);
        var merged = Merge(Base, variant.Changes).AsObject();
        (merged["output"], merged["seed"]) = (output, seed);
        var options = RunOptions.Parse(merged.ToJsonString(), $"variant '{variant.Name}'");
        options.Schedule.Steps = steps ?? options.Schedule.Steps;
        return options;
    }

    private void Check(string path)
    {
        if (Variants.Length == 0 || Seeds.Length == 0)
        {
            throw new InvalidDataException($"{path}: expected variants and seeds, found {Variants.Length} and {Seeds.Length}");
        }

        var names = Variants.Select(variant => variant.Name).ToHashSet(StringComparer.Ordinal);
        if (names.Count < Variants.Length || names.Any(name => name.Length == 0 || name.AsSpan().IndexOfAny(Path.GetInvalidFileNameChars()) >= 0 || name is "." or ".."))
        {
            throw new InvalidDataException($"{path}: expected variants with different names that folders can have, found {string.Join(", ", Variants.Select(variant => $"'{variant.Name}'"))}");
        }

        if (Array.Find(Variants, variant => variant.Against is { } other && !names.Contains(other)) is { } lone)
        {
            throw new InvalidDataException($"{path}: variant '{lone.Name}': expected a variant's name in 'against', found '{lone.Against}'");
        }
    }

    // As RFC 7386 has it, but that null stays null.
    private static JsonNode Merge(JsonNode target, JsonNode change)
    {
        if (target is not JsonObject into || change is not JsonObject from)
        {
            return change.DeepClone();
        }

        var merged = into.DeepClone().AsObject();
        foreach (var (key, value) in from)
        {
            merged[key] = value is not null && merged[key] is { } old ? Merge(old, value) : value?.DeepClone();
        }

        return merged;
    }
}

/// <summary>A change to the family's configuration.</summary>
public sealed record AblationVariant
{
    public required string Name { get; init; }

    /// <summary>What it is, for the table.</summary>
    public string About { get; set; } = "";

    /// <summary>Name of the variant that it is compared with; null for the first.</summary>
    public string? Against { get; set; }

    /// <summary>Members of the configuration that replace or join the base's.</summary>
    public JsonObject Changes { get; set; } = [];
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    WriteIndented = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(AblationFamily))]
[JsonSerializable(typeof(AblationResult))]
[JsonSerializable(typeof(IReadOnlyList<AblationResult>))]
internal sealed partial class AblationJson : JsonSerializerContext;
