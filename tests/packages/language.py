"""Programs with transformers and what is built on it: models of text, images and sound, tiny ones."""

import tempfile

from .running import fill, numbers, one_tensor, plain

SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
TEXT = {**SMALL, "vocab_size": 50, "max_position_embeddings": 32}
IMAGE = {**SMALL, "image_size": 16, "patch_size": 4}


def tokens():
    import torch

    return torch.arange(24).reshape(2, 12) * 7 % 48 + 1


def of_model(net, **inputs):
    """What the model says of the inputs, and the norm of each parameter's gradient."""
    import torch

    out = fill(net).eval()(**inputs)
    loss = out.loss if out.get("loss") is not None else one_tensor(list(out.values()))
    loss.backward()
    norms = [torch.zeros(()) if p.grad is None else p.grad.norm() for p in net.parameters()]
    return plain([loss, [v for v in out.values() if isinstance(v, torch.Tensor)], torch.stack(norms)])


def transformers_text():
    import torch
    import transformers as t

    ids = tokens()
    mask = (torch.arange(12) < torch.tensor([[12], [7]])).long()
    ends = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    decoder = {**TEXT, **ends, "num_key_value_heads": 1}
    both = {"vocab_size": 50, "d_model": 16}
    text = {"input_ids": ids, "labels": ids}
    return {
        "bert": of_model(t.BertForMaskedLM(t.BertConfig(**TEXT)), **text, attention_mask=mask),
        "gpt2": of_model(
            t.GPT2LMHeadModel(t.GPT2Config(vocab_size=50, n_embd=16, n_layer=2, n_head=2)), **text
        ),
        "llama": of_model(t.LlamaForCausalLM(t.LlamaConfig(**decoder)), **text, attention_mask=mask),
        "mixtral": of_model(
            t.MixtralForCausalLM(t.MixtralConfig(**decoder, num_local_experts=4, output_router_logits=True)),
            **text,
        ),
        "t5": of_model(
            t.T5ForConditionalGeneration(
                t.T5Config(**both, d_kv=8, d_ff=32, num_layers=2, num_heads=2, decoder_start_token_id=0)
            ),
            **text,
        ),
        "mamba": of_model(
            t.MambaForCausalLM(
                t.MambaConfig(vocab_size=50, hidden_size=16, num_hidden_layers=2, state_size=4)
            ),
            **text,
        ),
    }


def transformers_images_and_sound():
    import torch
    import transformers as t

    image, labels = numbers(2, 3, 16, 16), torch.tensor([0, 2])
    vision = {**SMALL, "image_size": 16, "patch_size": 8}
    sides = {"encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32}
    whisper = t.WhisperConfig(
        **sides, vocab_size=50, num_mel_bins=8, d_model=16, encoder_attention_heads=2,
        decoder_attention_heads=2, max_source_positions=10, max_target_positions=20, pad_token_id=0,
        bos_token_id=1, eos_token_id=2, decoder_start_token_id=3,
    )  # fmt: skip
    sound = t.Wav2Vec2Config(
        **SMALL, vocab_size=20, conv_dim=(8, 8), conv_stride=(5, 2), conv_kernel=(10, 3),
        num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2, mask_time_prob=0.0, layerdrop=0.0,
    )  # fmt: skip
    return {
        "vit": of_model(
            t.ViTForImageClassification(t.ViTConfig(**IMAGE, num_labels=3)), pixel_values=image, labels=labels
        ),
        "clip": of_model(
            t.CLIPModel(
                t.CLIPConfig(text_config={**TEXT, "eos_token_id": 2}, vision_config=vision, projection_dim=8)
            ),
            input_ids=tokens(),
            pixel_values=image,
            return_loss=True,
        ),
        "whisper": of_model(
            t.WhisperForConditionalGeneration(whisper), input_features=numbers(2, 8, 20), labels=tokens()
        ),
        "wav2vec2": of_model(
            t.Wav2Vec2ForCTC(sound), input_values=numbers(2, 400), labels=tokens()[:, :5] % 18 + 1
        ),
    }


def transformers_generation():
    import torch
    import transformers as t

    ends = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    net = fill(t.LlamaForCausalLM(t.LlamaConfig(**TEXT, **ends, num_key_value_heads=1))).eval()
    ids = tokens()[:, :5]
    given = {"attention_mask": torch.ones_like(ids), "max_new_tokens": 8}
    results = [
        net.generate(ids, **given, do_sample=False),
        net.generate(ids, **given, num_beams=3, do_sample=False, no_repeat_ngram_size=2),
        net.generate(ids, **given, do_sample=False, repetition_penalty=1.5, use_cache=False),
        net.generate(ids, **given, do_sample=True, top_k=1),
    ]
    torch.manual_seed(0)
    drawn = net.generate(ids, **given, do_sample=True, top_p=0.9, temperature=0.7)
    assert drawn.shape[0] == 2 and 5 < drawn.shape[1] <= 13
    with tempfile.TemporaryDirectory() as folder:
        net.save_pretrained(folder)
        again = t.AutoModelForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        assert torch.equal(again(ids).logits, net(ids).logits)
    return results


def transformers_trainer():
    import torch
    import transformers as t

    net = fill(t.BertForSequenceClassification(t.BertConfig(**TEXT, num_labels=2, hidden_dropout_prob=0.0,
                                                            attention_probs_dropout_prob=0.0)))  # fmt: skip
    rows = torch.arange(96).reshape(8, 12) * 7 % 48 + 1
    data = [{"input_ids": row, "labels": int(row[0]) % 2} for row in rows]
    with tempfile.TemporaryDirectory() as folder:
        options = t.TrainingArguments(
            folder, num_train_epochs=2, per_device_train_batch_size=4, learning_rate=1e-2, report_to=[],
            save_strategy="no", logging_steps=1, use_cpu=True, disable_tqdm=True, warmup_steps=1,
            train_sampling_strategy="sequential",
        )  # fmt: skip
        trainer = t.Trainer(net, options, train_dataset=data, eval_dataset=data)
        trainer.train()
        evaluated = trainer.evaluate()
    losses = [row["loss"] for row in trainer.state.log_history if "loss" in row]
    return [losses, evaluated["eval_loss"], net.classifier.weight]


def peft():
    import torch
    import transformers as t
    from peft import LoraConfig, get_peft_model, get_peft_model_state_dict

    ids = tokens()
    net = t.GPT2LMHeadModel(t.GPT2Config(vocab_size=50, n_embd=16, n_layer=2, n_head=2, n_positions=32))
    adapted = get_peft_model(
        net, LoraConfig(r=4, lora_alpha=8, target_modules=["c_attn"], lora_dropout=0.0, fan_in_fan_out=True)
    )
    result = of_model(adapted, input_ids=ids, labels=ids)
    trained = [name for name, p in adapted.named_parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW([p for p in adapted.parameters() if p.requires_grad], lr=0.01)
    optimizer.step()
    state = get_peft_model_state_dict(adapted)
    logits = adapted(input_ids=ids).logits
    merged = adapted.merge_and_unload()
    return [result, trained, list(state), logits, merged(input_ids=ids).logits]


def sentence_transformers():
    import torch
    from sentence_transformers import losses, util
    from sentence_transformers.models import Pooling
    from sentence_transformers.util import cos_sim

    a, b = numbers(4, 8).requires_grad_(), numbers(4, 8, seed=1)
    pooled = Pooling(8, pooling_mode="mean")(
        {"token_embeddings": numbers(2, 5, 8), "attention_mask": torch.ones(2, 5).long()}
    )
    cos_sim(a, b).diagonal().sum().backward()
    found = util.semantic_search(a.detach(), b, top_k=2)
    assert hasattr(losses, "MultipleNegativesRankingLoss")
    return [pooled["sentence_embedding"], a.grad, [[hit["corpus_id"] for hit in hits] for hits in found]]


PROGRAMS = {
    "transformers_text": ("transformers tokenizers safetensors", transformers_text),
    "transformers_images_and_sound": ("transformers tokenizers safetensors", transformers_images_and_sound),
    "transformers_generation": ("transformers tokenizers safetensors", transformers_generation),
    "transformers_trainer": ("transformers tokenizers safetensors accelerate", transformers_trainer),
    "peft": ("peft transformers accelerate", peft),
    "sentence_transformers": ("sentence_transformers transformers", sentence_transformers),
}
