using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Crescent.Cli.Json;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RunJson))]
[JsonSerializable(typeof(DetokenizeJson))]
[JsonSerializable(typeof(RenderJson))]
[JsonSerializable(typeof(LogitsJson))]
[JsonSerializable(typeof(BenchJson))]
[JsonSerializable(typeof(CompareJson))]
[JsonSerializable(typeof(ChartJson))]
[JsonSerializable(typeof(InspectJson))]
[JsonSerializable(typeof(SynthJson))]
[JsonSerializable(typeof(PlanJson))]
[JsonSerializable(typeof(RoutingSynthJson))]
[JsonSerializable(typeof(RoutingSimulationJson))]
[JsonSerializable(typeof(ConvertJson))]
[JsonSerializable(typeof(PerplexityJson))]
[JsonSerializable(typeof(ImatrixJson))]
[JsonSerializable(typeof(PullJson))]
[JsonSerializable(typeof(ServeJson))]
[JsonSerializable(typeof(ModelsJson))]
[JsonSerializable(typeof(RemovedModelJson))]
[JsonSerializable(typeof(TrainJson))]
[JsonSerializable(typeof(JudgeJson))]
[JsonSerializable(typeof(AblateJson))]
internal sealed partial class CliJson : JsonSerializerContext
{
    private static readonly CliJson s_readable = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, PropertyNamingPolicy = JsonNamingPolicy.CamelCase });

    /// <summary>One JSON document on a line, non-ASCII text as it is.</summary>
    public static void Write<T>(TextWriter output, T value) =>
        output.WriteLine(JsonSerializer.Serialize(value, (JsonTypeInfo<T>)s_readable.GetTypeInfo(typeof(T))!));
}
