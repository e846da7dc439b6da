using Crescent.Server.Http;

namespace Crescent.Server.OpenAi.Wire;

/// <summary><c>{"error":{…}}</c></summary>
internal sealed record ErrorReply(ErrorBody Error)
{
    public static ErrorReply Of(ApiError error) => new(new ErrorBody(error.Message, error.Type, error.Param, error.Code));
}
