using System.Text.Json;
using Crescent.Engine.Chat;
using Crescent.Server.Answers;
using Crescent.Server.Http;
using Crescent.Server.Models;
using Crescent.Server.Responses.Wire;

namespace Crescent.Server.Responses;

/// <summary>Writes an answer's sections as items, and replies with them.</summary>
/// <param name="begun">The reply without an item.</param>
/// <param name="seals">Whether reasoning is sealed for a client that keeps it.</param>
internal sealed class ResponseWriter(ResponseReply begun, bool seals)
{
    private const int MostTools = 1024;
    private const string Completed = "completed";
    private const string Incomplete = "incomplete";

    // Ids of items are the reply's with their own prefix and place.
    private readonly string _suffix = begun.Id[(begun.Id.IndexOf('_', StringComparison.Ordinal) + 1)..];

    public ResponseReply Begun => begun;

    public static ResponseReply Begin(ResponsesRequest request, ServedModel model, TimeProvider time)
    {
        var (body, sampling) = (request.Body, request.Chat.Sampling.Over(model.Sampling));
        return new ResponseReply(Identifiers.New("resp_"), time.GetUtcNow().ToUnixTimeSeconds(), string.IsNullOrEmpty(request.Chat.Model) ? model.Name : request.Chat.Model)
        {
            Instructions = request.Instructions,
            MaxOutputTokens = request.Chat.MaxTokens,
            ParallelToolCalls = request.Chat.ParallelToolCalls,
            PreviousResponseId = request.PreviousResponseId,
            Reasoning = body.Get("reasoning") ?? Json("""{"effort":null,"summary":null}"""),
            Store = request.Store,
            Temperature = sampling.Temperature,
            Text = body.Get("text") ?? Json("""{"format":{"type":"text"}}"""),
            ToolChoice = body.Get("tool_choice") ?? Json("\"auto\""),
            Tools = body.List("tools", MostTools) ?? [],
            TopP = sampling.TopP,
            Metadata = body.Get("metadata") ?? Json("{}"),
        };
    }

    public ResponseReply End(IReadOnlyList<AnswerSection> sections, EndUpdate end)
    {
        var isCut = end.Reason == AnswerEnd.Length;
        return begun with
        {
            Status = isCut ? Incomplete : Completed,
            IncompleteDetails = isCut ? new IncompleteDetails("max_output_tokens") : null,
            Output = [.. sections.Select((section, index) => Item(section, isCut && index == sections.Count - 1))],
            Usage = ResponseUsage.Of(end.Usage),
        };
    }

    public ResponseReply Fail(ApiError error) => begun with { Status = "failed", Error = new ResponseError(error.Code ?? error.Type, error.Message) };

    public string IdOf(AnswerSection section) => $"{Prefix(section.Kind)}_{_suffix}{section.Index}";

    /// <summary>The item as a stream opens it: nothing in it yet.</summary>
    public OutputItem Empty(AnswerSection section) => Item(section, ResponseReply.InProgress, "", []);

    /// <param name="isCut">Whether the answer ended in it for want of room.</param>
    public OutputItem Item(AnswerSection section, bool isCut) => Item(section, isCut ? Incomplete : Completed, section.Text, section.Kind == SectionKind.Call ? [] : [OutputPart.Of(section.Kind, section.Text)]);

    private OutputItem Item(AnswerSection section, string status, string text, IReadOnlyList<OutputPart> parts) => section.Kind switch
    {
        SectionKind.Reasoning => new OutputItem(IdOf(section), "reasoning", status) { Summary = [], Content = parts, EncryptedContent = seals ? SealedReasoning.Seal(text) : null },
        SectionKind.Call => new OutputItem(IdOf(section), "function_call", status) { CallId = section.CallId, Name = section.CallName, Arguments = text },
        _ => new OutputItem(IdOf(section), "message", status) { Role = "assistant", Content = parts },
    };

    private static string Prefix(SectionKind kind) => kind switch
    {
        SectionKind.Reasoning => "rs",
        SectionKind.Call => "fc",
        _ => "msg",
    };

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;
}
