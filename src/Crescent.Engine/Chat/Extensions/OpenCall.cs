using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Crescent.Engine.Chat.Extensions;

/// <summary>A tool call whose arguments are still being written.</summary>
internal sealed class OpenCall(string id, string name)
{
    public StringBuilder Arguments { get; } = new();

    /// <summary>The whole call. Arguments that are no JSON object are told of in its <see cref="FunctionCallContent.Exception"/>.</summary>
    public FunctionCallContent Content() => FunctionCallContent.CreateFromParsedArguments(Arguments.ToString(), id, name, Parse);

    private static Dictionary<string, object?> Parse(string arguments)
    {
        if (string.IsNullOrWhiteSpace(arguments))
        {
            return [];
        }

        using var document = JsonDocument.Parse(arguments);
        return document.RootElement.ValueKind == JsonValueKind.Object
            ? document.RootElement.EnumerateObject().ToDictionary(property => property.Name, property => (object?)property.Value.Clone())
            : throw new JsonException($"the arguments of a call: expected a JSON object, found {document.RootElement.ValueKind}");
    }
}
