// Paying inside WeChat: https://pay.weixin.qq.com/doc/v3/merchant/4012791857
document.addEventListener("click", (event) => {
  if (!("pay" in event.target.dataset) || typeof WeixinJSBridge === "undefined") return;
  const params = JSON.parse(document.getElementById("pay-params").textContent);
  WeixinJSBridge.invoke("getBrandWCPayRequest", params, () => location.reload());
});
