using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Crescent.Text.Templates;

namespace Crescent.Training.Data;

/// <summary>Tool definitions from the services' schema: a function for each intent.</summary>
internal static class ServiceTools
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Names of functions have no dots: the service and its intent are joined by one line.</summary>
    public static string FunctionName(string name) => name.Replace('.', '_');

    /// <summary>By service.</summary>
    public static Dictionary<string, ToolDefinition[]> Read(string folder)
    {
        using var document = JsonDocument.Parse(CorpusFile.ReadText(folder, "sgd-schema.json"));
        return document.RootElement.EnumerateArray().ToDictionary(
            service => service.GetProperty("service_name").GetString()!,
            service => service.GetProperty("intents").EnumerateArray().Select(intent => OfIntent(service, intent)).ToArray());
    }

    /// <summary>Functions that are known from calls alone: their arguments are strings, those of every call required.</summary>
    public static ToolDefinition[] OfCalls(IEnumerable<ToolCall> calls) => [.. calls.GroupBy(call => call.Name).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group =>
    {
        var seen = group.Select(call =>
        {
            using var document = JsonDocument.Parse(call.Arguments);
            return document.RootElement.EnumerateObject().Select(argument => argument.Name).ToHashSet(StringComparer.Ordinal);
        }).ToArray();
        string[] names = [.. seen.SelectMany(call => call).Distinct().Order(StringComparer.Ordinal)];
        return Function(group.Key, group.Key.Replace('_', ' '), names.Select(name => (name, name.Replace('_', ' '), Array.Empty<string>())), names.Where(name => seen.All(call => call.Contains(name))));
    })];

    private static ToolDefinition OfIntent(JsonElement service, JsonElement intent)
    {
        string[] required = [.. intent.GetProperty("required_slots").EnumerateArray().Select(slot => slot.GetString()!)];
        string[] used = [.. required, .. intent.GetProperty("optional_slots").EnumerateObject().Select(slot => slot.Name)];
        var slots = service.GetProperty("slots").EnumerateArray().ToDictionary(slot => slot.GetProperty("name").GetString()!);
        return Function(
            FunctionName($"{service.GetProperty("service_name").GetString()}.{intent.GetProperty("name").GetString()}"),
            intent.GetProperty("description").GetString()!,
            used.Select(name => (
                name,
                slots.TryGetValue(name, out var slot) ? slot.GetProperty("description").GetString()! : name,
                slots.ContainsKey(name) && slot.GetProperty("is_categorical").GetBoolean() ? slot.GetProperty("possible_values").EnumerateArray().Select(value => value.GetString()!).ToArray() : [])),
            required);
    }

    /// <summary>A function whose arguments are strings.</summary>
    /// <param name="arguments">Name, description and possible values (none: any).</param>
    public static ToolDefinition Function(string name, string description, IEnumerable<(string Name, string Description, string[] Values)> arguments, IEnumerable<string> required)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, s_options))
        {
            json.WriteStartObject();
            json.WriteString("type", "function");
            json.WriteStartObject("function");
            json.WriteString("name", name);
            json.WriteString("description", description);
            json.WriteStartObject("parameters");
            json.WriteString("type", "object");
            json.WriteStartObject("properties");
            foreach (var argument in arguments)
            {
                json.WriteStartObject(argument.Name);
                json.WriteString("type", "string");
                json.WriteString("description", argument.Description);
                if (argument.Values.Length > 0)
                {
                    json.WriteStartArray("enum");
                    Array.ForEach(argument.Values, json.WriteStringValue);
                    json.WriteEndArray();
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteStartArray("required");
            foreach (var argument in required)
            {
                json.WriteStringValue(argument);
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        using var document = JsonDocument.Parse(bytes.WrittenMemory);
        return new ToolDefinition(document.RootElement.Clone());
    }
}
