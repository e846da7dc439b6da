using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Crescent.Text.Templates;
using Crescent.Training.Data.ToolTasks;

namespace Crescent.Training.Data;

/// <summary>Tool definitions from the services' schema: a function for each intent.</summary>
internal sealed class ServiceTools
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly Dictionary<string, JsonElement> _services;

    private ServiceTools(Dictionary<string, JsonElement> services) => _services = services;

    public IReadOnlyCollection<string> Services => _services.Keys;

    public static ServiceTools Read(string folder)
    {
        using var document = JsonDocument.Parse(CorpusFile.ReadText(folder, "sgd-schema.json"));
        return new ServiceTools(document.RootElement.Clone().EnumerateArray().ToDictionary(service => service.GetProperty("service_name").GetString()!));
    }

    /// <summary>Names of a service's intents; none of an unknown one.</summary>
    public IEnumerable<string> IntentsOf(string service) =>
        _services.TryGetValue(service, out var found) ? found.GetProperty("intents").EnumerateArray().Select(intent => intent.GetProperty("name").GetString()!) : [];

    public ToolDefinition Tool(string service, string intent, ToolNaming naming) =>
        OfIntent(_services[service], _services[service].GetProperty("intents").EnumerateArray().First(candidate => candidate.GetProperty("name").GetString() == intent), naming);

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

    private static ToolDefinition OfIntent(JsonElement service, JsonElement intent, ToolNaming naming)
    {
        string[] required = [.. intent.GetProperty("required_slots").EnumerateArray().Select(slot => slot.GetString()!)];
        string[] used = [.. required, .. intent.GetProperty("optional_slots").EnumerateObject().Select(slot => slot.Name)];
        var slots = service.GetProperty("slots").EnumerateArray().ToDictionary(slot => slot.GetProperty("name").GetString()!);
        return Function(
            naming.NameOf(service.GetProperty("service_name").GetString()!, intent.GetProperty("name").GetString()!),
            intent.GetProperty("description").GetString()!,
            used.Select(name => (
                name,
                naming.HasDescriptions && slots.TryGetValue(name, out var slot) ? slot.GetProperty("description").GetString()! : "",
                slots.TryGetValue(name, out var values) && values.GetProperty("is_categorical").GetBoolean() ? values.GetProperty("possible_values").EnumerateArray().Select(value => value.GetString()!).ToArray() : [])),
            required);
    }

    /// <summary>A function whose arguments are strings.</summary>
    /// <param name="arguments">Name, description (empty: none) and possible values (none: any).</param>
    public static ToolDefinition Function(string name, string description, IEnumerable<(string Name, string Description, string[] Values)> arguments, IEnumerable<string> required)
    {
        var needed = required.ToHashSet(StringComparer.Ordinal);
        return Function(name, description, [.. arguments.Select(argument => new TaskArgument(argument.Name, "string", argument.Description, needed.Contains(argument.Name), argument.Values))]);
    }

    public static ToolDefinition Function(string name, string description, IReadOnlyList<TaskArgument> arguments)
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
                json.WriteString("type", argument.Type);
                if (argument.Description.Length > 0)
                {
                    json.WriteString("description", argument.Description);
                }

                if (argument.Values is { Length: > 0 } values)
                {
                    json.WriteStartArray("enum");
                    Array.ForEach(values, json.WriteStringValue);
                    json.WriteEndArray();
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteStartArray("required");
            foreach (var argument in arguments.Where(argument => argument.IsRequired))
            {
                json.WriteStringValue(argument.Name);
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
