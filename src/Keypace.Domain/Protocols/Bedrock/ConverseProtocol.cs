using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Bedrock;

/// <summary>
/// Amazon Bedrock's Converse and ConverseStream. Facts: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and the
/// types of @aws-sdk/client-bedrock-runtime 3.1164.
/// </summary>
internal sealed class ConverseProtocol : IChatProtocol
{
    public Outcome<NativeChat> Ask(ReadOnlyMemory<byte> body, ChatSetting setting) =>
        ChatQuestions.Read(body, setting, (request, form, problems) =>
        {
            var model = request.Model.GetString()!;
            var answers = new ConverseAnswers(setting.QueryId, model, form);
            return new NativeChat(
                $"model/{Uri.EscapeDataString(model)}/{(request.Stream ? "converse-stream" : "converse")}",
                ConverseRequest.Write(request, problems),
                request.Stream ? "application/vnd.amazon.eventstream" : "application/json",
                request.Stream,
                answers);
        });
}
