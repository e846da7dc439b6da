using System.Text.Json;
using Crescent.Server.Http;
using Crescent.Server.OpenAi;
using Crescent.Text.Templates;

namespace Crescent.Server.Responses;

/// <summary>Reads a request's input: a text of the user, or items.</summary>
internal static class ItemReader
{
    private const int MostItems = 65536;
    private const int MostParts = 4096;
    private const string Field = "input";

    public static void Read(in JsonFields body, ItemConversation conversation)
    {
        if (body.Get(Field) is not { } input)
        {
            throw ApiException.Invalid(Field, "expected a string or a list of items, found nothing");
        }

        if (input.ValueKind == JsonValueKind.String)
        {
            conversation.Add(new ChatMessage("user", JsonFields.TextOf(input, Field)));
            return;
        }

        if (input.ValueKind != JsonValueKind.Array)
        {
            throw JsonFields.Wrong(Field, "a string or a list of items", input);
        }

        foreach (var item in body.Objects(Field, MostItems))
        {
            Add(item, conversation);
        }
    }

    private static void Add(in JsonFields item, ItemConversation conversation)
    {
        switch (item.Text("type"))
        {
            case "message" or null:
                conversation.Add(MessageReader.Message(item));
                break;
            case "function_call":
                var arguments = item.Get("arguments");
                var (id, name) = (item.RequireText("call_id"), item.RequireText("name"));
                conversation.AddCall(arguments is { } json ? ToolCall.FromJson(id, name, json) : new ToolCall(id, name, "{}"));
                break;
            case "function_call_output":
                conversation.Add(new ChatMessage("tool", Output(item)) { ToolCallId = item.RequireText("call_id") });
                break;
            case "reasoning":
                conversation.AddReasoning(Reasoning(item));
                break;
            default:
                throw ApiException.Invalid(item.PathOf("type"), "expected message, function_call, function_call_output or reasoning, found another");
        }
    }

    private static string Output(in JsonFields item) => item.Get("output") is { } output
        ? MessageReader.Content(output, item.PathOf("output"))
        : throw ApiException.Invalid(item.PathOf("output"), "expected a string or a list of parts, found nothing");

    // The reasoning itself, in the open or sealed, else what another service tells of it.
    private static string Reasoning(in JsonFields item) =>
        Parts(item, "content") ?? (item.Text("encrypted_content") is { } seal ? SealedReasoning.Open(seal) : null) ?? Parts(item, "summary") ?? "";

    private static string? Parts(in JsonFields item, string name)
    {
        var texts = item.Objects(name, MostParts).Select(part => part.RequireText("text")).ToArray();
        return texts.Length > 0 ? string.Concat(texts) : null;
    }
}
